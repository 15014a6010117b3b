#include "slurm/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

PartitionFacts partition() {
    return {
        .name = "main",
        .is_up = true,
        .time_max = TimeLimit{.length = hours(2)},
        .time_default = TimeLimit{.length = hours(1)},
        .nodes = 4,
        .nodes_working = 4,
        .cpus_per_node = 16,
        .gpus_per_node = 2,
        .memory_per_node = Bytes{64ULL << 30U},
    };
}

std::string refusal(const UnitDemand& demand, const AllocationOffer& offer) {
    const auto fits = check_fit(demand, offer);
    return fits ? "fits" : fits.error().message;
}

std::string refusal(const SlurmOptions& options) {
    const auto fits = check_offer({.options = options, .partitions = {partition()}});
    return fits ? "fits" : fits.error().message;
}

TEST(Fit, WhatIsNotKnownRefusesNothing) {
    const UnitDemand demand{
        .stage = "train", .resources = {.cpus = 64, .time = hours(100)},
             .longest = hours(100)
    };
    EXPECT_EQ(refusal(demand, {}), "fits");
    PartitionFacts endless = partition();
    endless.time_default.reset();
    endless.time_max = TimeLimit{.unlimited = true};
    endless.cpus_per_node = 0;
    EXPECT_EQ(refusal(demand, {.partitions = {endless}}), "fits");
}

TEST(Fit, ASliceLongerThanAnAllocationIsRefusedWithTheArithmetic) {
    UnitDemand demand{
        .stage = "train", .resources = {.time = minutes(59)}, .has_checkpoints = true};
    const AllocationOffer offer{.options = {.time = hours(1)}, .overhead = seconds(60)};
    EXPECT_EQ(refusal(demand, offer), "fits");
    demand.resources.time = minutes(59) + Millis{1};
    EXPECT_EQ(
        refusal(demand, offer),
        "stage \"train\": a unit needs 00:59:01 in one piece (resources.time), but an allocation "
        "gives 00:59:00 (slurm.time: 01:00:00, less 00:01:00 for start and drain); raise "
        "slurm.time, "
        "or save checkpoints more often and lower resources.time"
    );
}

TEST(Fit, AUnitWithoutCheckpointsMustFitAsAWhole) {
    UnitDemand demand{.stage = "train", .longest = seconds(150)};
    const AllocationOffer offer{.options = {.time = seconds(60)}, .overhead = seconds(15)};
    EXPECT_EQ(
        refusal(demand, offer),
        "stage \"train\": a unit may take 00:02:30 (limits.timeout) and has no checkpoints to go "
        "on "
        "from, but an allocation gives 00:00:45 (slurm.time: 00:01:00, less 00:00:15 for start and "
        "drain); raise slurm.time, lower limits.timeout, or save checkpoints"
    );
    demand.has_checkpoints = true;
    EXPECT_EQ(refusal(demand, offer), "fits");
}

TEST(Fit, WithoutATimeThePartitionsDefaultCounts) {
    const UnitDemand demand{.stage = "train", .resources = {.time = minutes(90)}};
    EXPECT_THAT(
        refusal(demand, {.partitions = {partition()}}),
        HasSubstr("the partition's default: 01:00:00")
    );
    PartitionFacts longer = partition();
    longer.time_default.reset();
    EXPECT_EQ(
        refusal(
            demand,
            {
                .partitions = {partition(), longer}
    }
        ),
        "fits"
    );
}

TEST(Fit, ARankThatNoNodeHasRoomForIsRefused) {
    AllocationOffer offer{.options = {.cpus_per_node = 8}};
    EXPECT_EQ(refusal({.stage = "a", .resources = {.cpus = 8}}, offer), "fits");
    EXPECT_EQ(
        refusal({.stage = "a", .resources = {.cpus = 9}}, offer),
        "stage \"a\": a rank of 9 cpus (resources.cpus) on one node are 9, but a node of an "
        "allocation "
        "has 8; raise slurm.cpus_per_node"
    );
    EXPECT_THAT(
        refusal({.stage = "a", .resources = {.gpus = 1}}, offer),
        HasSubstr("has 0; raise slurm.gpus")
    );
    offer.options.options["gres"] = "gpu:1";
    EXPECT_EQ(refusal({.stage = "a", .resources = {.gpus = 1}}, offer), "fits");
    offer.options.memory_per_node = Bytes{1ULL << 30U};
    EXPECT_THAT(
        refusal({.stage = "a", .resources = {.memory = Bytes{2ULL << 30U}}}, offer),
        HasSubstr("raise slurm.memory_per_node")
    );
}

TEST(Fit, NodesThatAreNotSharedOutHaveWhatTheLargestHas) {
    const AllocationOffer offer{.partitions = {partition()}};
    EXPECT_EQ(refusal({.stage = "a", .resources = {.cpus = 16}}, offer), "fits");
    EXPECT_THAT(refusal({.stage = "a", .resources = {.cpus = 17}}, offer), HasSubstr("has 16"));
}

TEST(Fit, AnExclusiveAllocationHasAllThatANodeHas) {
    AllocationOffer offer{.options = {.cpus_per_node = 1}, .partitions = {partition()}};
    const UnitDemand demand{
        .stage = "a", .resources = {.cpus = 16, .gpus = 2}
    };
    EXPECT_THAT(refusal(demand, offer), HasSubstr("has 1; raise slurm.cpus_per_node"));
    offer.options.options["exclusive"] = "";
    EXPECT_EQ(refusal(demand, offer), "fits");
}

TEST(Fit, AGangNeedsAsManyNodesAsItsRanksFill) {
    AllocationOffer offer{
        .options = {.nodes = 2, .cpus_per_node = 8}
    };
    EXPECT_EQ(
        refusal(
            {
                .stage = "g", .resources = {.cpus = 2, .ranks = 8}
    },
            offer
        ),
        "fits"
    );
    EXPECT_EQ(
        refusal(
            {
                .stage = "g", .resources = {.cpus = 2, .ranks = 9}
    },
            offer
        ),
        "stage \"g\": 9 ranks, at most 4 on one node, need 3 nodes, but an allocation has 2 "
        "(slurm.nodes); raise it"
    );
    EXPECT_THAT(
        refusal(
            {
                .stage = "g", .resources = {.ranks = 4, .ranks_per_node = 1}
    },
            offer
        ),
        HasSubstr("need 4 nodes")
    );
    EXPECT_THAT(
        refusal(
            {
                .stage = "g", .resources = {.cpus = 3, .ranks = 6, .ranks_per_node = 3}
    },
            offer
        ),
        HasSubstr("3 ranks of 3 cpus (resources.cpus) on one node are 9, but")
    );
}

TEST(Offer, WhatNoPartitionCanGiveIsRefusedWithBothNumbers) {
    EXPECT_EQ(refusal(SlurmOptions{.nodes = 4, .cpus_per_node = 16, .gpus_per_node = 2}), "fits");
    EXPECT_THAT(
        refusal(SlurmOptions{.time = hours(2) + Millis{1}}),
        HasSubstr("slurm.time is 02:01:00, but the partition allows 02:00:00")
    );
    EXPECT_THAT(refusal(SlurmOptions{.nodes = 5}), HasSubstr("slurm.nodes is 5, but"));
    EXPECT_THAT(refusal(SlurmOptions{.cpus_per_node = 17}), HasSubstr("at most 16"));
    EXPECT_THAT(refusal(SlurmOptions{.gpus_per_node = 3}), HasSubstr("at most 2"));
    EXPECT_THAT(
        refusal(SlurmOptions{.memory_per_node = Bytes{65ULL << 30U}}), HasSubstr("memory_per_node")
    );
    EXPECT_TRUE(check_offer({
        .options = {.nodes = 1000, .time = hours(1000)}
    }));
}

TEST(Offer, OneOfSeveralPartitionsIsEnough) {
    PartitionFacts large = partition();
    large.nodes = 100;
    large.time_max = TimeLimit{.unlimited = true};
    const SlurmOptions options{.nodes = 50, .time = hours(100)};
    EXPECT_TRUE(check_offer({
        .options = options, .partitions = {partition(), large}
    }));
}

}  // namespace
}  // namespace xorch
