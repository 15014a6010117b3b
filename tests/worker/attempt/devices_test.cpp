#include "worker/attempt/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Devices node_of(std::uint32_t cpus, std::vector<int> usable) {
    return Devices({.cpus = cpus}, std::move(usable), "");
}

TEST(Devices, BindUnitsOfSeveralCpusToDifferentOnes) {
    Devices devices = node_of(5, {0, 2, 4, 6, 8});
    DeviceShare first = devices.take(2, 0);
    const DeviceShare second = devices.take(3, 0);
    EXPECT_THAT(first.cpus, ElementsAre(0, 2));
    EXPECT_THAT(second.cpus, ElementsAre(4, 6, 8));
    devices.give_back(first);
    EXPECT_THAT(devices.take(2, 0).cpus, ElementsAre(0, 2));
}

TEST(Devices, LeaveAUnitOfOneCpuOrOfAllToTheScheduler) {
    Devices devices = node_of(4, {0, 1, 2, 3});
    EXPECT_THAT(devices.take(1, 0).cpus, IsEmpty());
    EXPECT_THAT(devices.take(4, 0).cpus, IsEmpty());
}

TEST(Devices, BindNothingWhereTheNodeClaimsOtherCpusThanThereAre) {
    Devices fewer = node_of(4, {0, 1, 2, 3, 4, 5, 6, 7});
    EXPECT_THAT(fewer.take(2, 0).cpus, IsEmpty());
    Devices more = node_of(8, {0, 1, 2, 3});
    EXPECT_THAT(more.take(2, 0).cpus, IsEmpty());
}

TEST(Devices, GiveGpusAsTheAgentSeesThemAndHideThemFromOthers) {
    Devices devices({.cpus = 2, .gpus = 2}, {0, 1}, "3,GPU-7f");
    const DeviceShare one = devices.take(1, 1);
    const DeviceShare two = devices.take(1, 1);
    EXPECT_THAT(one.gpus, ElementsAre("3"));
    EXPECT_THAT(two.gpus, ElementsAre("GPU-7f"));
    EXPECT_FALSE(two.hide_gpus);
    EXPECT_TRUE(devices.take(1, 0).hide_gpus);
}

TEST(Devices, PassByAGpuThatARankOfAnotherAgentsGangHas) {
    const TemporaryDirectory folder;
    auto held = try_lease(folder.path(), gpu_lease_name("0"));
    ASSERT_TRUE(held && *held);
    Devices devices({.cpus = 2, .gpus = 3}, {0, 1}, "", folder.path());
    DeviceShare one = devices.take(1, 1);
    EXPECT_THAT(one.gpus, ElementsAre("1"));
    const auto taken = try_lease(folder.path(), gpu_lease_name("1"));
    ASSERT_TRUE(taken);
    EXPECT_FALSE(*taken);
    devices.give_back(one);
    const auto again = try_lease(folder.path(), gpu_lease_name("1"));
    ASSERT_TRUE(again);
    EXPECT_TRUE(*again);
}

TEST(Devices, GiveWhatTheyHaveIfAllIsLeasedBySomebody) {
    const TemporaryDirectory folder;
    auto held = try_lease(folder.path(), gpu_lease_name("0"));
    ASSERT_TRUE(held && *held);
    Devices devices({.cpus = 2, .gpus = 1}, {0, 1}, "", folder.path());
    EXPECT_THAT(devices.take(1, 1).gpus, ElementsAre("0"));
}

}  // namespace
}  // namespace xorch
