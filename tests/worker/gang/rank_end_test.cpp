#include "worker/gang/rank_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/io/posix_disk.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;

const std::vector<RankHost> hosts{
    {"n1", 2},
    {"n3", 2}
};

RankEnd ended(std::uint32_t rank, std::int64_t at, int exit_code) {
    return {
        .rank = rank,
        .node = rank < 2 ? "n1" : "n3",
        .ended_unix_ms = at,
        .exit_code = exit_code,
        .unfit_node = {},
        .reason = {},
        .tail = {}};
}

std::string verdict(const std::vector<RankEnd>& ends, int hung = 0) {
    const auto judged = judge_ranks(ends, hosts, 75, hung);
    return judged ? judged->message : "nothing";
}

TEST(EndsOfRanks, WhatIsWrittenIsRead) {
    const RankEnd end{
        .rank = 2,
        .node = "n3",
        .ended_unix_ms = 1'700'000'000'123,
        .exit_code = 3,
        .signal = 9,
        .out_of_memory = true,
        .was_asked = true,
        .unfit_node = "n4",
        .reason = "it used too much",
        .tail = "last\nwords"};
    const auto read = parse_rank_end(format_rank_end(end));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, end);
}

TEST(EndsOfRanks, ANodeThatFailedTheCheckOfAllComesFirstWhateverItsClockSays) {
    RankEnd broken_off = ended(0, 5, 127);
    RankEnd unfit = ended(2, 9, 127);
    unfit.unfit_node = "n3";
    EXPECT_THAT(verdict({broken_off, unfit}), HasSubstr("rank 2 of 4 on n3"));
}

TEST(EndsOfRanks, ARankThatFailedByItselfComesBeforeThoseThatWereAsked) {
    RankEnd asked = ended(0, 5, 1);
    asked.was_asked = true;
    EXPECT_EQ(verdict({asked}), "rank 0 of 4 on n1 exited with code 1");
    EXPECT_THAT(
        verdict({asked, ended(1, 9, 3)}), HasSubstr("rank 1 of 4 on n1 exited with code 3")
    );
}

TEST(EndsOfRanks, AFileThatIsTornCountsAsNone) {
    const TemporaryDirectory folder;
    PosixDisk disk;
    const std::string path = folder.path() + "/" + rank_end_name(1);
    ASSERT_TRUE(write_file_atomically(disk, path, format_rank_end(ended(1, 5, 1))));
    ASSERT_TRUE(write_file_atomically(disk, folder.path() + "/" + rank_end_name(2), "{\"ra"));
    ASSERT_TRUE(write_file_atomically(disk, folder.path() + "/gang.json", "{}"));
    const auto ends = read_rank_ends(disk, folder.path());
    ASSERT_EQ(ends.size(), 1U);
    EXPECT_EQ(ends.front(), ended(1, 5, 1));
}

TEST(EndsOfRanks, TheFirstByTimeIsTheGangsAndTheOthersAreCollateral) {
    RankEnd killed = ended(2, 10, 0);
    killed.signal = 9;
    EXPECT_EQ(
        verdict({ended(0, 12, 1), killed}),
        "rank 2 of 4 on n3 was killed by signal 9; ranks 0, 1, 3 ended with it (collateral)"
    );
}

TEST(EndsOfRanks, ACollectiveThatHungIsNamedByTheRanksLastLine) {
    RankEnd hung = ended(1, 10, 81);
    hung.tail = "step 4\nrank 1 waited too long in all_reduce of 64 bytes, collective 7\n";
    EXPECT_THAT(
        verdict({hung}, 81),
        HasSubstr("rank 1 of 4 on n1: a collective hung: rank 1 waited too long in all_reduce")
    );
    EXPECT_THAT(verdict({hung}), HasSubstr("rank 1 of 4 on n1 exited with code 81"));
}

TEST(EndsOfRanks, ARankThatNeverBeganSaysWhy) {
    RankEnd refused = ended(3, 10, 127);
    refused.reason = "program \"trian\" not found";
    EXPECT_THAT(verdict({refused}), HasSubstr("rank 3 of 4 on n3: program \"trian\" not found;"));
}

TEST(EndsOfRanks, RankZeroAsksToBeCalledAgainUnlessARankFailed) {
    const auto again = judge_ranks({ended(0, 10, 75)}, hosts, 75, 0);
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->has_failed);
    const auto failed = judge_ranks({ended(0, 10, 75), ended(1, 11, 1)}, hosts, 75, 0);
    ASSERT_TRUE(failed);
    EXPECT_TRUE(failed->has_failed);
    EXPECT_EQ(failed->first.rank, 1U);
}

TEST(EndsOfRanks, SilenceSaysNothing) {
    EXPECT_EQ(verdict({}), "nothing");
}

TEST(EndsOfRanks, TheOthersOfALargeGangAreCounted) {
    const auto judged = judge_ranks(
        {
            ended(0, 1, 1)
    },
        {{"n1", 1000}},
        75,
        0
    );
    ASSERT_TRUE(judged);
    EXPECT_THAT(judged->message, HasSubstr("the other 999 ranks ended with it (collateral)"));
}

}  // namespace
}  // namespace xorch
