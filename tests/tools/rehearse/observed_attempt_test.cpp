#include "tools/cli/rehearse/observed_attempt.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/hash.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

// A unit that keeps its state in a file of its own. Its first attempt saves it and asks to be
// called again, what the second does is given.
class OwnState : public testing::Test {
 protected:
    AttemptSeen resume(const std::string& second_attempt) {
        sweep_.name = "own";
        sweep_.directory = work_.path();
        Stage stage;
        stage.name = "train";
        stage.checkpoints.from = "state";
        stage.argv = {
            "/bin/sh",
            "-c",
            "cd \"$0\"; if [ -e state ]; then " + second_attempt +
                "; else echo 7 > state; exit 75; fi",
            "{out}"};
        sweep_.stages = {stage};
        const SweepLayout layout{root_.path()};
        std::filesystem::create_directory(layout.units());
        std::filesystem::create_directory(layout.logs());
        auto runner = AttemptRunner::start(
            sweep_,
            {.layout = layout,
             .incarnation = {0x5eed},
             .scratch = scratch_.path(),
             .capacity = {.cpus = 1}}
        );
        EXPECT_TRUE(runner) << runner.error().message;
        AttemptSeen last;
        for (const std::uint32_t number : {1U, 2U}) {
            auto seen = observe(
                *runner,
                {
                    .stage = &sweep_.stages.front(),
                    .layout = layout,
                    .scratch = scratch_.path(),
                    .assignment =
                        {.unit = {},                            .attempt = {number}, .id = hash_unit("own"), .params = "{}"},
                    .interruption = {},
                    .given_resume = number > 1
            }
            );
            EXPECT_TRUE(seen) << seen.error().message;
            if (number == 1) {
                EXPECT_EQ(seen->checkpoints.size(), 1U) << seen->end.message;
            }
            last = *std::move(seen);
        }
        EXPECT_TRUE(last.end.resumed);
        return last;
    }

    TemporaryDirectory root_;
    TemporaryDirectory work_;
    TemporaryDirectory scratch_;
    Sweep sweep_;
};

TEST_F(OwnState, PutBackAndReadIsAResume) {
    EXPECT_TRUE(resume("read step < state").opened_resume);
}

TEST_F(OwnState, PutBackAndOverwrittenIsNone) {
    EXPECT_FALSE(resume("echo 1 > state; read step < state").opened_resume);
}

TEST_F(OwnState, PutBackAndReplacedIsNone) {
    EXPECT_FALSE(resume("echo 1 > new; mv new state; read step < state").opened_resume);
}

}  // namespace
}  // namespace xorch
