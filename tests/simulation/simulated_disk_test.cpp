#include "tests/simulation/simulated_disk.h"

#include <gtest/gtest.h>

#include <set>

namespace xorch::simulation {
namespace {

constexpr std::uint32_t host = 1;
constexpr std::uint32_t other_host = 2;

class SimulatedDiskTest : public testing::Test {
 protected:
    void SetUp() override { ASSERT_TRUE(view_.make_directory("/d")); }

    std::string durable(const std::string& path) {
        auto bytes = DurableDisk(disk_).read(path);
        return bytes ? *bytes : "none";
    }

    SimulatedDisk disk_{Dice(1)};
    DiskView view_{disk_, host, Dice(2)};
};

TEST_F(SimulatedDiskTest, KeepsWhatWasSyncedWhenTheHostDies) {
    auto file = view_.create("/d/a");
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->append("synced"));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(view_.sync_directory("/d"));
    ASSERT_TRUE((*file)->append("loose"));
    EXPECT_EQ(*view_.read("/d/a"), "syncedloose");
    EXPECT_EQ(durable("/d/a"), "synced");
    disk_.crash_host(host);
    const std::string left = *view_.read("/d/a");
    EXPECT_TRUE(std::string("syncedloose").starts_with(left));
    EXPECT_GE(left.size(), 6U);
}

TEST_F(SimulatedDiskTest, TearsWhatWasNotSyncedAtAnyByte) {
    std::set<std::size_t> sizes;
    for (int i = 0; i < 200; ++i) {
        const std::string path = "/d/" + std::to_string(i);
        auto file = view_.create(path);
        ASSERT_TRUE(file && (*file)->append("12345") && view_.sync_directory("/d"));
        disk_.crash_host(host);
        sizes.insert(view_.read(path)->size());
    }
    EXPECT_EQ(sizes, (std::set<std::size_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(SimulatedDiskTest, MayForgetANameThatWasNotSynced) {
    int kept = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string path = "/d/" + std::to_string(i);
        ASSERT_TRUE(view_.create(path));
        EXPECT_EQ(durable(path), "none");
        disk_.crash_host(host);
        kept += *view_.exists(path) ? 1 : 0;
    }
    EXPECT_GT(kept, 10);
    EXPECT_LT(kept, 90);
}

TEST_F(SimulatedDiskTest, LosesNothingWhenAnotherHostDies) {
    auto file = view_.create("/d/a");
    ASSERT_TRUE(file && (*file)->append("loose"));
    disk_.crash_host(other_host);
    EXPECT_EQ(*view_.read("/d/a"), "loose");
}

TEST_F(SimulatedDiskTest, DoesNothingMoreForAProcessThatDied) {
    auto file = view_.create("/d/a");
    ASSERT_TRUE(file);
    view_.plan({.kind = DiskFault::Kind::die, .after_writes = 1});
    ASSERT_TRUE((*file)->append("one"));
    EXPECT_FALSE((*file)->append("two"));
    EXPECT_TRUE(view_.dead());
    EXPECT_FALSE((*file)->append("three"));
    EXPECT_FALSE(view_.read("/d/a"));
    DiskView later(disk_, host, Dice(3));
    EXPECT_TRUE(std::string("onetwo").starts_with(*later.read("/d/a")));
}

TEST_F(SimulatedDiskTest, NeverMakesBytesDurableAfterAFailedSync) {
    auto file = view_.create("/d/a");
    ASSERT_TRUE(file && view_.sync_directory("/d") && (*file)->append("lost"));
    view_.plan({.kind = DiskFault::Kind::fail, .after_writes = 0, .repeats = 1});
    EXPECT_FALSE((*file)->sync());
    EXPECT_TRUE((*file)->sync());
    EXPECT_EQ(durable("/d/a"), "");
}

}  // namespace
}  // namespace xorch::simulation
