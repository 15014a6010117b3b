#include "tools/cli/sweeps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

void make_sweep_directory(const std::string& path) {
    std::filesystem::create_directories(path + "/journal");
    std::ofstream(path + "/sweep.toml") << "[sweep]\n";
}

TEST(SweepDirectory, HasANameAStampAndPerhapsANumber) {
    const auto plain = parse_sweep_directory("budget-curve-20261121_090507");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->name, "budget-curve");
    EXPECT_EQ(plain->stamp, "20261121_090507");
    EXPECT_EQ(plain->repeat, 1U);
    const auto second = parse_sweep_directory("a-20261121_090507-2");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->name, "a");
    EXPECT_EQ(second->repeat, 2U);
}

TEST(SweepDirectory, IsNoOtherName) {
    for (const char* name :
         {"",
          "a",
          "a-2",
          "-20261121_090507",
          "20261121_090507",
          "a-20261121-090507",
          "a-20261121_090507-1",
          "a-20261121_090507-x",
          "a-20261121_09050"}) {
        EXPECT_FALSE(parse_sweep_directory(name)) << name;
    }
}

TEST(Sweeps, AreListedNewestFirst) {
    const TemporaryDirectory home;
    make_sweep_directory(home / "b-20260101_000000");
    make_sweep_directory(home / "a-20260101_000000-10");
    make_sweep_directory(home / "a-20260101_000000-2");
    make_sweep_directory(home / "c-20260202_000000");
    std::filesystem::create_directory(home / "d-20260303_000000");  // no sweep in it
    const auto sweeps = list_sweeps(home.path());
    ASSERT_THAT(sweeps, SizeIs(4));
    EXPECT_EQ(sweeps[0].name.name, "c");
    EXPECT_EQ(sweeps[1].name.repeat, 10U);
    EXPECT_EQ(sweeps[2].name.repeat, 2U);
    EXPECT_EQ(sweeps[3].name.name, "b");
}

TEST(Sweeps, OfOneSecondAreListedInTheOrderInWhichTheyWereMade) {
    const TemporaryDirectory home;
    const auto now = std::filesystem::file_time_type::clock::now();
    int place = 0;
    for (const char* name : {"b", "a", "c"}) {
        const std::string path = home.path() + "/" + name + "-20261121_090507";
        make_sweep_directory(path);
        const auto made = now + std::chrono::milliseconds(10 * place++);
        std::filesystem::last_write_time(path + "/sweep.toml", made);
    }
    const auto found = list_sweeps(home.path());
    ASSERT_THAT(found, SizeIs(3));
    EXPECT_EQ(found[0].name.name, "c");
    EXPECT_EQ(found[1].name.name, "a");
    EXPECT_EQ(found[2].name.name, "b");
}

TEST(Sweeps, AreFoundByDirectoryByNameOrAsTheNewest) {
    const TemporaryDirectory home;
    make_sweep_directory(home / "a-20260101_000000");
    make_sweep_directory(home / "a-20260102_000000");
    make_sweep_directory(home / "b-20260103_000000");
    EXPECT_EQ(find_sweep(home.path(), "")->root, home / "b-20260103_000000");
    EXPECT_EQ(find_sweep(home.path(), "a")->root, home / "a-20260102_000000");
    EXPECT_EQ(find_sweep(home.path(), "a-20260101_000000")->root, home / "a-20260101_000000");
    EXPECT_EQ(
        find_sweep("/nowhere", (home / "a-20260101_000000") + "/")->root, home / "a-20260101_000000"
    );
}

TEST(Sweeps, ThatAreNotThereAreNamedWithWhatToDo) {
    const TemporaryDirectory home;
    EXPECT_THAT(find_sweep(home.path(), "").error().message, HasSubstr("`xorch submit`"));
    EXPECT_THAT(find_sweep(home.path(), "x").error().message, HasSubstr("no sweep named x"));
    EXPECT_THAT(find_sweep(home.path(), "/x/y").error().message, HasSubstr("no sweep.toml"));
}

}  // namespace
}  // namespace xorch
