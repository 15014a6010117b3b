#include "worker/gang/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;

const std::vector<RankHost> hosts{
    {"n1", 1},
    {"n2", 3}
};

TEST(GangPlans, WhatIsWrittenIsRead) {
    const GangPlan plan{
        .hosts = hosts,
        .address = "10.0.0.1",
        .port = 20017,
        .gpus = 2,
        .memory = Bytes{1ULL << 33U},
        .exit_checkpointed = 76,
        .keep_slurm = true,
        .stop_file = "/a/stop",
        .stop_signal = "USR1",
        .check_port = 20018,
        .check_token = "word"};
    const auto read = parse_gang_plan(format_gang_plan(plan));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, plan);
}

TEST(GangPlans, OneWithoutHostsIsRefused) {
    EXPECT_FALSE(parse_gang_plan("{}"));
    EXPECT_FALSE(parse_gang_plan("{\"hosts\":[]}"));
    EXPECT_FALSE(parse_gang_plan("torn"));
}

TEST(GangPlans, WordsKeepEveryByte) {
    const std::vector<std::string> argv{"python3", "", "-c", "a\nb", "[x,y]", "\xff"};
    EXPECT_EQ(parse_gang_argv(format_gang_argv(argv)), argv);
    EXPECT_TRUE(parse_gang_argv("").empty());
}

TEST(PlacesOfRanks, FollowTheOrderOfTheHosts) {
    const auto place = find_place({"SLURM_PROCID=3", "SLURM_NTASKS=4"}, hosts);
    ASSERT_TRUE(place);
    const RankPlace wanted{.rank = 3, .ranks = 4, .local_rank = 2, .local_ranks = 3, .node = "n2"};
    EXPECT_EQ(*place, wanted);
}

TEST(PlacesOfRanks, MpirunsWordCountsWithinASlurmJob) {
    const auto place = find_place(
        {"SLURM_PROCID=0", "SLURM_NTASKS=2", "OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=4"},
        hosts
    );
    ASSERT_TRUE(place);
    EXPECT_EQ(place->rank, 1U);
}

TEST(PlacesOfRanks, AnotherNumberOfRanksIsRefused) {
    const auto place = find_place({"SLURM_PROCID=0", "SLURM_NTASKS=2"}, hosts);
    ASSERT_FALSE(place);
    EXPECT_THAT(place.error().message, HasSubstr("0 of 2, but the gang has 4"));
    EXPECT_FALSE(find_place({"SLURM_PROCID=x", "SLURM_NTASKS=4"}, hosts));
    EXPECT_FALSE(find_place({}, hosts));
}

TEST(PlacesOfRanks, AreToldUnderTheNamesThatProgramsLookFor) {
    std::vector<std::string> environment{"RANK=9"};
    const GangPlan plan{.hosts = hosts, .address = "10.0.0.1", .port = 20017};
    tell_place(environment, place_of(hosts, 1), plan);
    EXPECT_THAT(
        environment,
        IsSupersetOf(
            {"RANK=1",
             "WORLD_SIZE=4",
             "LOCAL_RANK=0",
             "LOCAL_WORLD_SIZE=3",
             "MASTER_ADDR=10.0.0.1",
             "MASTER_PORT=20017"}
        )
    );
}

}  // namespace
}  // namespace xorch
