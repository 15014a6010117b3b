#include "tools/cli/run/local_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch {
namespace {

using testing::HasSubstr;

constexpr Capacity machine{.cpus = 4, .gpus = 1, .memory = Bytes{8'000}};

std::string refusal(const Resources& resources) {
    Stage stage;
    stage.name = "g";
    stage.resources = resources;
    Sweep sweep;
    sweep.stages = {stage};
    const auto checked = check_gangs_here(sweep, machine);
    return checked ? "fits" : checked.error().message;
}

TEST(GangsHere, MustHaveAllTheirRanksOnThisMachine) {
    EXPECT_EQ(refusal({.cpus = 2, .ranks = 2}), "fits");
    EXPECT_EQ(
        refusal({.cpus = 2, .ranks = 3}),
        "stage \"g\": 3 ranks of 2 cpus (resources.cpus) on one node are 6, but this machine has "
        "4; raise local.slots or lower resources.ranks"
    );
    EXPECT_THAT(refusal({.gpus = 1, .ranks = 2}), HasSubstr("2 ranks of 1 gpus"));
    EXPECT_THAT(
        refusal({.memory = Bytes{3'000}, .ranks = 4}), HasSubstr("are 12000, but this machine")
    );
}

TEST(GangsHere, HaveNoSecondNode) {
    EXPECT_THAT(refusal({.ranks = 4, .ranks_per_node = 2}), HasSubstr("need 2 nodes"));
    EXPECT_EQ(refusal({.ranks = 4, .ranks_per_node = 4}), "fits");
}

TEST(GangsHere, LeaveSingleUnitsToTheCoordinator) {
    EXPECT_EQ(refusal({.cpus = 99}), "fits");
}

}  // namespace
}  // namespace xorch
