// Native units of several ranks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/attempt/gangs.h"

namespace xorch {
namespace {

using testing::HasSubstr;

TEST_F(Gangs, TheFirstRankOfANativeUnitSpeaksAsARunnerDoes) {
    stage().job = "script";
    settings().native_program = XORCH_SCRIPTED_RUNNER;
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_EQ(
        end.rows,
        "{\"step\":0,\"sum\":1302}\n{\"step\":1,\"sum\":40363}\n{\"step\":2,\"sum\":251252}\n"
    );
    EXPECT_EQ(end.env_key, "script threads-1");
}

TEST_F(Gangs, ANativeUnitIsAskedToStopThroughItsFirstRank) {
    stage().job = "script";
    settings().native_program = XORCH_SCRIPTED_RUNNER;
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here", 2}
    };
    gang.params = "{\"wait_at\":1,\"save_every\":1}";
    start(std::move(gang));
    EXPECT_EQ(wait_for_checkpoint(0).step, 1);
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::time_limit, .at_once = false});
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::time_limit) << end.message;
    EXPECT_EQ(end.checkpoint_step, 2);
}

TEST_F(Gangs, ANativeUnitWhoseFirstRankDiesHasCrashed) {
    stage().job = "script";
    settings().native_program = XORCH_SCRIPTED_RUNNER;
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here", 2}
    };
    gang.params = "{\"die_at\":1}";
    start(std::move(gang));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::crash);
    EXPECT_THAT(end.message, HasSubstr("rank 0 of 2 on here was killed by signal 9"));
}

}  // namespace
}  // namespace xorch
