#include "core/io/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace xorch {
namespace {

using testing::HasSubstr;

TEST(RunProgram, KeepsTheStreamsApart) {
    const auto done = run_program(
        {
            .program = "/bin/sh", .argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}
    },
        {}
    );
    ASSERT_TRUE(done);
    EXPECT_EQ(done->output, "out\n");
    EXPECT_EQ(done->error_output, "err\n");
    EXPECT_EQ(done->exit_code, 3);
}

TEST(RunProgram, EndsOneThatClosesItsStreamsAndLivesOn) {
    const auto done = run_program(
        {
            .program = "/bin/sh", .argv = {"sh", "-c", "exec sleep 1000 >&- 2>&-"}
    },
        {.time = Millis(200)}
    );
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST(RunProgram, EndsOneThatTakesTooLong) {
    const auto done = run_program(
        {
            .program = "/bin/sleep", .argv = {"sleep", "1000"}
    },
        {.time = Millis(20)}
    );
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace xorch
