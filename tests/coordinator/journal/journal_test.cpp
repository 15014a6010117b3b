#include "coordinator/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/frame.h"
#include "tests/coordinator/journal/journal_fixture.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/random_facts.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Journal : public testing::Test {
 protected:
    Said read() {
        auto said = read_journal(disk_);
        EXPECT_TRUE(said) << (said ? "" : said.error().message);
        return said ? *said : Said{};
    }

    // A segment of its own for each pid, with one batch per word.
    void write_epoch(std::uint64_t pid, const std::vector<std::string>& words) {
        auto writer = claim_next(disk_, pid);
        ASSERT_TRUE(writer) << writer.error().message;
        for (const std::string& word : words)
            ASSERT_TRUE(say(*writer, word));
    }

    std::string& segment(std::uint32_t epoch) {
        return disk_.content(segment_path(journal_directory, EpochNumber{epoch}));
    }

    MemoryDisk disk_;
};

TEST_F(Journal, IsEmptyBeforeTheFirstEpoch) {
    const Said said = read();
    EXPECT_EQ(said.end.epoch.value, 0U);
    EXPECT_THAT(said.reasons, IsEmpty());
}

TEST_F(Journal, KeepsTheFactsOfEveryEpochInOrder) {
    write_epoch(1, {"a", "b"});
    write_epoch(2, {});
    write_epoch(3, {"c"});
    const Said said = read();
    EXPECT_THAT(said.reasons, ElementsAre("a", "b", "c"));
    EXPECT_EQ(said.end.epoch.value, 3U);
    EXPECT_EQ(said.end.holder, holder_with_pid(3));
    EXPECT_EQ(said.end.sweep_hash, sweep_hash);
    EXPECT_EQ(said.end.bytes, segment(3).size());
    EXPECT_FALSE(said.end.ended);
}

TEST_F(Journal, RandomFactsComeBackFromWhereStageSaidTheyWere) {
    std::mt19937_64 random(5);
    auto writer = claim_next(disk_);
    ASSERT_TRUE(writer);
    std::vector<FactBatch> batches;
    std::vector<FactLocation> places;
    for (int i = 0; i < 200; ++i) {
        batches.push_back(random_batch(random));
        places.push_back(writer->stage(batches.back()));
        if (i % 7 == 0) {
            ASSERT_TRUE(writer->write(writer->take_staged()));
        }
    }
    ASSERT_TRUE(writer->write(writer->take_staged()));
    EXPECT_EQ(read().places, places);
    for (std::size_t i = 0; i < batches.size(); ++i) {
        for (std::uint32_t fact = 0; fact < batches[i].facts.size(); ++fact) {
            places[i].fact = fact;
            const auto found = read_fact(disk_, journal_directory, places[i]);
            ASSERT_TRUE(found) << found.error().message;
            EXPECT_EQ(*found, batches[i].facts[fact]);
        }
        places[i].fact = 100;
        EXPECT_EQ(
            read_fact(disk_, journal_directory, places[i]).error().code, ErrorCode::not_found
        );
    }
}

TEST_F(Journal, KnowsThatAnEpochEndedInGoodOrder) {
    auto writer = claim_next(disk_);
    ASSERT_TRUE(writer);
    writer->stage({.at_unix = Millis(1), .facts = {EpochEnded{"complete"}}});
    ASSERT_TRUE(writer->write(writer->take_staged()));
    const Said said = read();
    EXPECT_TRUE(said.end.ended);
    const FactLocation after{.segment = 1, .fact = 0, .offset = said.end.bytes};
    const auto again = read_journal(disk_, after);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->end.ended);
    EXPECT_THAT(again->places, IsEmpty());
    write_epoch(2, {});
    EXPECT_FALSE(read().end.ended);
}

TEST_F(Journal, IsReplayedFromAPlaceInIt) {
    write_epoch(1, {"a", "b"});
    write_epoch(2, {"c"});
    const Said whole = read();
    const auto from_b = read_journal(disk_, whole.places[1]);
    ASSERT_TRUE(from_b);
    EXPECT_THAT(from_b->reasons, ElementsAre("b", "c"));
    EXPECT_EQ(from_b->end.bytes, whole.end.bytes);
    const auto beyond = read_journal(disk_, {.segment = 1, .fact = 0, .offset = 1U << 20U});
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, ErrorCode::not_found);
}

TEST_F(Journal, AnErrorOfTheVisitorStopsTheReplay) {
    write_epoch(1, {"a", "b"});
    int visits = 0;
    const auto end = replay_journal(
        disk_,
        journal_directory,
        [&](const FactBatch&, FactLocation) -> Result<void> {
            ++visits;
            return fail(ErrorCode::internal, "enough");
        }
    );
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().message, "enough");
    EXPECT_EQ(visits, 1);
}

TEST_F(Journal, IgnoresATornTailOfTheNewestSegment) {
    write_epoch(1, {"a", "b", "c"});
    const std::string whole = segment(1);
    const Said all = read();
    for (std::size_t size = all.places[0].offset; size < whole.size(); ++size) {
        segment(1) = whole.substr(0, size);
        const Said said = read();
        std::size_t expected = 0;
        while (expected + 1 < all.places.size() && all.places[expected + 1].offset <= size)
            ++expected;
        EXPECT_EQ(said.reasons.size(), expected) << "cut at " << size;
        EXPECT_EQ(said.end.bytes, all.places[expected].offset);
    }
}

TEST_F(Journal, GoesOnAfterATornTail) {
    write_epoch(1, {"a", "b"});
    segment(1).resize(segment(1).size() - 3);
    write_epoch(2, {"c"});
    EXPECT_THAT(read().reasons, ElementsAre("a", "c"));
}

TEST_F(Journal, IgnoresAGroupOfWhichOnlyALaterFrameArrived) {
    auto writer = claim_next(disk_);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(say(*writer, "durable"));
    const FactLocation lost = writer->stage(batch_saying("lost"));
    writer->stage(batch_saying("arrived"));
    ASSERT_TRUE(writer->write(writer->take_staged()));
    // Power failed before the sync: the disk kept the second page of the write, not the first.
    for (std::size_t i = 0; i < frame_header_bytes; ++i)
        segment(1)[lost.offset + i] = '\0';
    const Said said = read();
    EXPECT_THAT(said.reasons, ElementsAre("durable"));
    EXPECT_EQ(said.end.bytes, lost.offset);
}

TEST_F(Journal, RefusesDamageToWhatWasAcknowledged) {
    write_epoch(1, {"a", "b", "c", "d"});
    const std::string whole = segment(1);
    const Said all = read();
    // Every frame but the last is followed by one that says it was durable.
    for (std::size_t at = 0; at < all.places[2].offset; ++at) {
        segment(1) = whole;
        segment(1)[at] = static_cast<char>(segment(1)[at] ^ 0x10);
        const auto said = read_journal(disk_);
        ASSERT_FALSE(said) << "flipped at " << at;
        EXPECT_THAT(said.error().message, HasSubstr("000001.log"));
    }
}

TEST_F(Journal, NeverTakesAFlippedBitForAFact) {
    write_epoch(1, {"a", "b", "c", "d"});
    const std::string whole = segment(1);
    const std::vector<std::string> all = read().reasons;
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        segment(1) = whole;
        char& byte = segment(1)[bit / 8];
        byte = static_cast<char>(byte ^ static_cast<char>(1U << (bit % 8)));
        const auto said = read_journal(disk_);
        if (!said) continue;
        ASSERT_LT(said->reasons.size(), all.size());
        for (std::size_t i = 0; i < said->reasons.size(); ++i)
            EXPECT_EQ(said->reasons[i], all[i]);
    }
}

TEST_F(Journal, NamesFileOffsetAndRemedyOfDamageInAnOlderSegment) {
    write_epoch(1, {"a", "b"});
    const std::uint64_t last = read().places[1].offset;
    write_epoch(2, {"c"});
    const std::string whole = segment(1);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        segment(1) = whole;
        segment(1)[at] = static_cast<char>(segment(1)[at] ^ 1);
        ASSERT_FALSE(read_journal(disk_)) << "flipped at " << at;
    }
    segment(1) = whole.substr(0, last + 5);
    const auto said = read_journal(disk_);
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, ErrorCode::corrupted);
    EXPECT_THAT(said.error().message, HasSubstr("/sweep/journal/000001.log"));
    EXPECT_THAT(said.error().message, HasSubstr("byte " + std::to_string(last)));
    EXPECT_THAT(said.error().message, HasSubstr("Restore the file"));
}

TEST_F(Journal, RefusesAMissingSegment) {
    write_epoch(1, {"a"});
    write_epoch(2, {"b"});
    ASSERT_TRUE(disk_.remove(segment_path(journal_directory, EpochNumber{1})));
    const auto said = read_journal(disk_);
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, ErrorCode::corrupted);
    EXPECT_THAT(said.error().message, HasSubstr("000001.log"));
}

TEST_F(Journal, RefusesAMissingSegmentOfWhichOnlyWhatStoodBesideItIsLeft) {
    for (const char* beside : {"000002.alive", "000002.endpoint.json", "000002.snap"}) {
        MemoryDisk disk;
        ASSERT_TRUE(disk.make_directory(journal_directory));
        ASSERT_TRUE(write_file_atomically(disk, std::string(journal_directory) + "/" + beside, "x")
        );
        const auto said = read_journal(disk);
        ASSERT_FALSE(said) << beside;
        EXPECT_EQ(said.error().code, ErrorCode::corrupted);
        EXPECT_THAT(said.error().message, HasSubstr("000002.log"));
    }
}

TEST_F(Journal, RefusesAnotherVersionOfTheFormat) {
    write_epoch(1, {"a"});
    segment(1)[7] = '9';
    const auto said = read_journal(disk_);
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(said.error().message, HasSubstr("format version 09"));
    EXPECT_THAT(said.error().message, HasSubstr("/xorch resume "));
}

TEST_F(Journal, IsNotClaimedForAnotherSweep) {
    write_epoch(1, {"a"});
    const auto writer =
        JournalWriter::claim(disk_, journal_directory, read().end, holder_with_pid(2), "another");
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(writer.error().message, HasSubstr("sweep.toml"));
}

TEST_F(Journal, WhatAStaleCoordinatorAddsIsVoid) {
    auto stale = claim_next(disk_, 1);
    ASSERT_TRUE(stale);
    ASSERT_TRUE(say(*stale, "counts"));
    auto reigning = claim_next(disk_, 2);
    ASSERT_TRUE(reigning);
    const auto late = say(*stale, "late");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::conflict);
    EXPECT_FALSE(say(*stale, "later"));
    ASSERT_TRUE(say(*reigning, "new"));
    EXPECT_THAT(segment(1), HasSubstr("late"));
    EXPECT_THAT(read().reasons, ElementsAre("counts", "new"));
}

TEST_F(Journal, IsNotClaimedAfterAnEndThatIsNotItsEndAnyMore) {
    auto writer = claim_next(disk_, 1);
    ASSERT_TRUE(writer);
    const JournalEnd end = read().end;
    ASSERT_TRUE(say(*writer, "acknowledged meanwhile"));
    const auto next =
        JournalWriter::claim(disk_, journal_directory, end, holder_with_pid(2), sweep_hash);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::unavailable);
    ASSERT_TRUE(claim_next(disk_, 2));
    EXPECT_THAT(read().reasons, ElementsAre("acknowledged meanwhile"));
}

TEST_F(Journal, AcknowledgesNothingOnceAClaimIsAnnounced) {
    auto writer = claim_next(disk_, 1);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(say(*writer, "before"));
    // The claimant announced itself and looked for new facts; it did not get further.
    ASSERT_TRUE(disk_.create(segment_path(journal_directory, EpochNumber{2}) + ".claim"));
    const auto written = say(*writer, "too late to acknowledge");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::conflict);
    ASSERT_TRUE(claim_next(disk_, 1));
}

TEST_F(Journal, LeavesNothingBehindAClaim) {
    write_epoch(1, {"a"});
    write_epoch(2, {"b"});
    EXPECT_THAT(disk_.list(journal_directory).value(), ElementsAre("000001.log", "000002.log"));
}

TEST_F(Journal, IsClaimedByOneOfTwoThatSawTheSameEnd) {
    write_epoch(1, {"a"});
    const JournalEnd end = read().end;
    auto first =
        JournalWriter::claim(disk_, journal_directory, end, holder_with_pid(2), sweep_hash);
    auto second =
        JournalWriter::claim(disk_, journal_directory, end, holder_with_pid(3), sweep_hash);
    EXPECT_TRUE(first);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_EQ(read().end.holder, holder_with_pid(2));
}

TEST_F(Journal, PassesOverTheTemporaryFileOfACrashedClaim) {
    write_epoch(1, {"a"});
    ASSERT_TRUE(disk_.create(segment_path(journal_directory, EpochNumber{2}) + ".1-77-0.tmp"));
    write_epoch(1, {"b"});
    EXPECT_THAT(read().reasons, ElementsAre("a", "b"));
}

TEST_F(Journal, ALinkWhoseAnswerWasLostIsAClaim) {
    write_epoch(1, {"a"});
    const JournalEnd end = read().end;
    const auto claim_on = [&](Disk& disk) {
        return JournalWriter::claim(disk, journal_directory, end, holder_with_pid(2), sweep_hash);
    };
    // Operations: announcement, sync of the old segment, create, append, sync, link.
    FaultyDisk faulty(disk_, Fault{.operation = 5, .sticky = false, .takes_effect = true});
    auto writer = claim_on(faulty);
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE(say(*writer, "b"));
    EXPECT_THAT(read().reasons, ElementsAre("a", "b"));
    EXPECT_FALSE(claim_on(disk_));
}

TEST_F(Journal, KeepsAReserveThatCanBeGivenBack) {
    ASSERT_TRUE(make_reserve(disk_, journal_directory));
    ASSERT_TRUE(make_reserve(disk_, journal_directory));
    EXPECT_EQ(disk_.size(journal_directory + "/reserve").value(), 1U << 20U);
    ASSERT_TRUE(release_reserve(disk_, journal_directory));
    EXPECT_FALSE(disk_.exists(journal_directory + "/reserve").value());
    EXPECT_TRUE(release_reserve(disk_, journal_directory));
}

}  // namespace
}  // namespace xorch
