// What lies beside the journal: the alive counter, snapshots.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/journal/alive.h"
#include "coordinator/journal/snapshot.h"
#include "tests/coordinator/journal/journal_fixture.h"
#include "tests/support/faulty_disk.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const SweepLayout layout{"/sweep"};

TEST(FileBesideTheJournal, LeavesNothingOfItselfOnADiskThatTakesItsNameOnly) {
    MemoryDisk memory;
    // Its name is the first operation, its bytes are the second.
    FaultyDisk disk(memory, Fault{.operation = 1, .code = ErrorCode::no_space});
    ASSERT_TRUE(memory.make_directory(layout.journal()));
    ASSERT_FALSE(write_file_atomically(disk, layout.status(), "{}"));
    EXPECT_THAT(memory.list(layout.journal()).value(), IsEmpty());
}

TEST(AliveCounter, CountsItsBeatsAlsoWhenItIsOpenedAgain) {
    MemoryDisk disk;
    const std::string path = layout.alive(EpochNumber{1});
    EXPECT_EQ(read_alive(disk, path).value(), std::nullopt);
    auto counter = AliveCounter::open(disk, path);
    ASSERT_TRUE(counter);
    EXPECT_EQ(read_alive(disk, path).value(), 0U);
    ASSERT_TRUE(counter->bump());
    counter = AliveCounter::open(disk, path);
    ASSERT_TRUE(counter);
    ASSERT_TRUE(counter->bump());
    EXPECT_EQ(read_alive(disk, path).value(), 2U);
}

TEST(AliveCounter, IsMarkedByAnEpochThatEndedInOrder) {
    MemoryDisk disk;
    const std::string path = layout.alive(EpochNumber{1});
    EXPECT_EQ(read_alive_sign(disk, path).value(), AliveSign{});
    auto counter = AliveCounter::open(disk, path);
    ASSERT_TRUE(counter);
    ASSERT_TRUE(counter->bump());
    EXPECT_EQ(read_alive_sign(disk, path).value(), (AliveSign{1, false}));
    ASSERT_TRUE(mark_ended(disk, path));
    EXPECT_TRUE(read_alive_sign(disk, path)->marked_ended);
    ASSERT_TRUE(counter->bump());
    EXPECT_TRUE(read_alive_sign(disk, path)->marked_ended) << "a late beat takes nothing back";
}

class SnapshotFile : public testing::Test {
 protected:
    void SetUp() override {
        auto writer = claim_next(disk_, 1);
        ASSERT_TRUE(writer);
        ASSERT_TRUE(say(*writer, "a"));
        position_ = {.segment = 1, .fact = 0, .offset = read_journal(disk_)->end.bytes};
        ASSERT_TRUE(say(*writer, "b"));
        ASSERT_TRUE(write_snapshot(disk_, path_, position_, "the state"));
    }

    MemoryDisk disk_;
    FactLocation position_;
    std::string path_ = layout.snapshot(EpochNumber{1});
};

TEST_F(SnapshotFile, SaysWhereTheReplayGoesOn) {
    const SnapshotSearch search = find_snapshot(disk_, layout);
    ASSERT_TRUE(search.found);
    EXPECT_THAT(search.notes, IsEmpty());
    EXPECT_EQ(search.found->state, "the state");
    EXPECT_EQ(search.found->position, position_);
    EXPECT_THAT(read_journal(disk_, search.found->position)->reasons, ElementsAre("b"));
}

TEST_F(SnapshotFile, ThatIsDamagedAnywhereIsPassedOverWithANote) {
    const std::string whole = disk_.content(path_);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        disk_.content(path_) = whole;
        disk_.content(path_)[at] = static_cast<char>(whole[at] ^ 4);
        const SnapshotSearch flipped = find_snapshot(disk_, layout);
        EXPECT_FALSE(flipped.found) << "flipped at " << at;
        EXPECT_THAT(flipped.notes, ElementsAre(HasSubstr(path_)));
        disk_.content(path_) = whole.substr(0, at);
        EXPECT_FALSE(find_snapshot(disk_, layout).found) << "cut at " << at;
    }
}

TEST_F(SnapshotFile, OfFactsThatDoNotCountAnyMoreIsPassedOver) {
    // The first frame was never synced, and the crash took it: the next epoch starts without it.
    disk_.content(segment_path(journal_directory, EpochNumber{1})).resize(position_.offset - 1);
    ASSERT_TRUE(claim_next(disk_, 2));
    const SnapshotSearch search = find_snapshot(disk_, layout);
    EXPECT_FALSE(search.found);
    EXPECT_THAT(search.notes, ElementsAre(HasSubstr("do not count")));
    const auto replayed = read_journal(disk_, position_);
    ASSERT_FALSE(replayed);
    EXPECT_EQ(replayed.error().code, ErrorCode::not_found);
}

TEST_F(SnapshotFile, TheNewestUsableOneIsTaken) {
    ASSERT_TRUE(claim_next(disk_, 2));
    ASSERT_TRUE(write_snapshot(
        disk_, layout.snapshot(EpochNumber{2}), {.segment = 1, .fact = 0, .offset = 0}, "newer"
    ));
    EXPECT_EQ(find_snapshot(disk_, layout).found->state, "newer");
    disk_.content(layout.snapshot(EpochNumber{2})).pop_back();
    const SnapshotSearch search = find_snapshot(disk_, layout);
    ASSERT_TRUE(search.found);
    EXPECT_EQ(search.found->state, "the state");
    EXPECT_EQ(search.notes.size(), 1U);
}

}  // namespace
}  // namespace xorch
