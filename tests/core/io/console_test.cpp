#include "core/io/console.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

TEST(SayLine, WritesALineAtOnce) {
    const TemporaryDirectory directory;
    const std::string path = directory / "log";
    std::FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    say_line(file, "here");
    std::ifstream read(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(read), {}), "here\n");
    std::fclose(file);
}

TEST(SayLine, LosesTheLineAndNothingElseWhenTheDiskIsFull) {
    std::FILE* full = std::fopen("/dev/full", "w");
    if (full == nullptr) GTEST_SKIP() << "there is no /dev/full";
    EXPECT_NO_THROW(say_line(full, "lost"));
    ASSERT_NE(std::ferror(full), 0);
    EXPECT_NO_THROW(say_line(full, "lost, too"));
    std::fclose(full);
}

}  // namespace
}  // namespace xorch
