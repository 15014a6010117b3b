#include "coordinator/journal/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/journal/journal_fixture.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Follower : public testing::Test {
 protected:
    // What one poll brought.
    std::vector<std::string> poll() {
        std::vector<std::string> reasons;
        const auto news = follower_.poll([&](const FactBatch& batch, FactLocation) -> Result<void> {
            reasons.push_back(std::get<SweepPaused>(batch.facts.at(0)).reason);
            return {};
        });
        EXPECT_TRUE(news) << (news ? "" : news.error().message);
        restarted_ = news && news->restarted;
        EXPECT_EQ(news ? news->batches : 0, reasons.size());
        return reasons;
    }

    JournalWriter claim(std::uint64_t pid) {
        auto writer = claim_next(disk_, pid);
        EXPECT_TRUE(writer);
        return std::move(*writer);
    }

    MemoryDisk disk_;
    JournalFollower follower_{disk_, journal_directory};
    bool restarted_ = false;
};

TEST_F(Follower, WaitsForTheFirstEpoch) {
    EXPECT_THAT(poll(), IsEmpty());
    JournalWriter writer = claim(1);
    EXPECT_THAT(poll(), IsEmpty());
    ASSERT_TRUE(say(writer, "a"));
    EXPECT_THAT(poll(), ElementsAre("a"));
    EXPECT_THAT(poll(), IsEmpty());
}

TEST_F(Follower, VisitsWhatIsNewAcrossSegments) {
    JournalWriter first = claim(1);
    ASSERT_TRUE(say(first, "a"));
    EXPECT_THAT(poll(), ElementsAre("a"));
    ASSERT_TRUE(say(first, "b"));
    claim(2);
    JournalWriter third = claim(3);
    ASSERT_TRUE(say(third, "c"));
    EXPECT_THAT(poll(), ElementsAre("b", "c"));
    EXPECT_EQ(follower_.position().segment, 3U);
    ASSERT_TRUE(say(third, "d"));
    EXPECT_THAT(poll(), ElementsAre("d"));
}

TEST_F(Follower, LeavesAFrameThatIsNotWholeYetForTheNextTime) {
    JournalWriter writer = claim(1);
    ASSERT_TRUE(say(writer, "a"));
    std::string& bytes = disk_.content(segment_path(journal_directory, EpochNumber{1}));
    const std::string whole = bytes;
    bytes.pop_back();
    EXPECT_THAT(poll(), IsEmpty());
    bytes = whole;
    EXPECT_THAT(poll(), ElementsAre("a"));
}

TEST_F(Follower, StartsOverAfterFactsThatTurnedOutVoid) {
    JournalWriter first = claim(1);
    ASSERT_TRUE(say(first, "a"));
    const JournalEnd end = read_journal(disk_)->end;
    ASSERT_TRUE(say(first, "void"));
    EXPECT_THAT(poll(), ElementsAre("a", "void"));
    // Written, seen in the page cache, lost with the power before its sync.
    disk_.content(segment_path(journal_directory, EpochNumber{1})).resize(end.bytes);
    auto reigning = claim_next(disk_, 2);
    ASSERT_TRUE(reigning);
    ASSERT_TRUE(say(*reigning, "b"));
    EXPECT_THAT(poll(), IsEmpty());
    EXPECT_TRUE(restarted_);
    EXPECT_THAT(poll(), ElementsAre("a", "b"));
    EXPECT_FALSE(restarted_);
}

TEST_F(Follower, GoesOnFromASnapshotsPlace) {
    JournalWriter writer = claim(1);
    ASSERT_TRUE(say(writer, "a"));
    const JournalEnd end = read_journal(disk_)->end;
    ASSERT_TRUE(say(writer, "b"));
    follower_ = {
        disk_, journal_directory, {.segment = 1, .fact = 0, .offset = end.bytes}
    };
    EXPECT_THAT(poll(), ElementsAre("b"));
}

TEST_F(Follower, RefusesDamageToWhatWasAcknowledged) {
    JournalWriter writer = claim(1);
    ASSERT_TRUE(say(writer, "a"));
    ASSERT_TRUE(say(writer, "b"));
    const FactLocation first = read_journal(disk_)->places[0];
    disk_.content(segment_path(journal_directory, EpochNumber{1}))[first.offset] ^= 1;
    const auto news =
        follower_.poll([](const FactBatch&, FactLocation) -> Result<void> { return {}; });
    ASSERT_FALSE(news);
    EXPECT_EQ(news.error().code, ErrorCode::corrupted);
}

}  // namespace
}  // namespace xorch
