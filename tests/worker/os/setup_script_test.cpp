#include "worker/os/setup_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace xorch {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Script {
 public:
    explicit Script(const std::string& text) {
        std::string name =
            (std::filesystem::temp_directory_path() / "xorch set-up XXXXXX").string();
        const int file = ::mkstemp(name.data());
        EXPECT_GE(file, 0);
        path_ = name;
        std::ofstream(path_) << text;
    }

    ~Script() { std::filesystem::remove(path_); }

    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

const std::vector<std::string> plain{"PATH=/usr/bin:/bin"};

TEST(SetUpScript, ItsExportsAreTheUnitsEnvironment) {
    const Script script("export GREETING='a\nb'; echo noise; PATH=$PATH:/opt");
    const auto result = environment_after_script(script.path(), plain, "/");
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(*result, Contains("GREETING=a\nb"));
    EXPECT_THAT(*result, Contains("PATH=/usr/bin:/bin:/opt"));
}

TEST(SetUpScript, AFailureIsAnErrorWithItsWords) {
    const Script script("echo no such module >&2; return 4");
    const auto result = environment_after_script(script.path(), plain, "/");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("exit code 4"));
    EXPECT_THAT(result.error().message, HasSubstr("no such module"));
}

}  // namespace
}  // namespace xorch
