// Native units in runners: a scripted runner does what the parameters say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/worker/attempt/harness.h"

namespace xorch {
namespace {

using testing::HasSubstr;

class NativeUnits : public testing::Test, public AttemptHarness {
 protected:
    NativeUnits() {
        stage().job = "script";
        settings().native_program = XORCH_SCRIPTED_RUNNER;
    }

    AttemptEnd run_unit(std::uint32_t index, const std::string& params = "{}") {
        start(index, params);
        return wait_for_end(index);
    }

    AttemptEnd resume_unit(std::uint32_t attempt, const std::string& params) {
        Assignment unit = assignment(0, attempt);
        unit.params = params;
        start(std::move(unit));
        return wait_for_end(0, attempt);
    }

    // The pid that a unit printed: of the runner that had it.
    std::string runner_of(const AttemptEnd& end) {
        const std::string output = output_of(end);
        const std::size_t at = output.rfind(" in ");
        return at == std::string::npos ? "none"
                                       : output.substr(at + 4, output.find('\n', at) - at - 4);
    }
};

TEST_F(NativeUnits, AUnitReportsItsRowsAndItsOutput) {
    const AttemptEnd end = run_unit(0);
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_EQ(
        end.rows,
        "{\"step\":0,\"sum\":1302}\n{\"step\":1,\"sum\":40363}\n{\"step\":2,\"sum\":251252}\n"
    );
    EXPECT_EQ(end.env_key, "script threads-1");
    EXPECT_THAT(output_of(end), HasSubstr("step 0 in "));
    EXPECT_THAT(output_of(end), HasSubstr("step 2 in "));
    EXPECT_GT(end.memory_peak.value, 0U);
}

TEST_F(NativeUnits, OneRunnerServesOneUnitAfterTheOther) {
    const std::string first = runner_of(run_unit(0));
    EXPECT_EQ(runner_of(run_unit(1)), first);
    EXPECT_EQ(runner_of(run_unit(2)), first);
}

TEST_F(NativeUnits, TwoAtOnceHaveTwoRunnersAndTheirOwnOutput) {
    start(0, R"({"wait_at": 1})");
    start(1, R"({"steps": 1})");
    const AttemptEnd second = wait_for_end(1);
    order(EndAttempt{
        .unit = {.stage = {0}, .index = 0},
          .attempt = {1           }
    });
    const AttemptEnd first = wait_for_end(0);
    EXPECT_NE(runner_of(first), runner_of(second));
    EXPECT_THAT(output_of(second), testing::Not(HasSubstr("step 1")));
    EXPECT_THAT(output_of(first), HasSubstr("step 0"));
}

TEST_F(NativeUnits, AUnitOfOtherThreadsGetsAnotherRunner) {
    sweep().stages.push_back(stage());
    sweep().stages.back().threads = 2;
    const std::string first = runner_of(run_unit(0));
    Assignment other = assignment(1);
    other.unit.stage = {1};
    start(std::move(other));
    const AttemptEnd end = wait_for_end(1);
    EXPECT_EQ(end.env_key, "script threads-2");
    EXPECT_NE(runner_of(end), first);
}

TEST_F(NativeUnits, AJobThatThrowsFailsItsUnitAndTheRunnerLives) {
    const std::string first = runner_of(run_unit(0));
    const AttemptEnd end = run_unit(1, R"({"throw_at": 1})");
    EXPECT_EQ(end.cause, Cause::user_error);
    EXPECT_EQ(end.message, "it went wrong");
    EXPECT_EQ(end.rows, "");
    EXPECT_EQ(runner_of(run_unit(2)), first);
}

TEST_F(NativeUnits, WantOfMemoryInAJobIsOutOfMemoryAndTheRunnerLives) {
    const AttemptEnd end = run_unit(0, R"({"memory_at": 1})");
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_EQ(end.message, "no memory left");
    EXPECT_EQ(runner_of(run_unit(1)), runner_of(end));
}

TEST_F(NativeUnits, AParameterThatTheJobDoesNotTakeFailsTheUnit) {
    const AttemptEnd end = run_unit(0, R"({"stepps": 3})");
    EXPECT_EQ(end.cause, Cause::user_error);
    EXPECT_EQ(end.message, "job \"script\" has no parameter \"stepps\"");
}

TEST_F(NativeUnits, AJobOfAnotherVersionFailsTheUnit) {
    stage().job_version = 9;
    EXPECT_THAT(run_unit(0).message, HasSubstr("no job \"script\" of version 9"));
}

TEST_F(NativeUnits, WithoutItsProgramAUnitFailsToStart) {
    settings().native_program = directory() + "/nothing";
    const AttemptEnd end = run_unit(0);
    EXPECT_EQ(end.cause, Cause::spawn);
    EXPECT_THAT(end.message, HasSubstr("native jobs need xorch-runner"));
}

TEST_F(NativeUnits, AKilledRunnerCostsOneUnitAndTheNextGetsAFreshOne) {
    const std::string first = runner_of(run_unit(0));
    const AttemptEnd end = run_unit(1, R"({"die_at": 1})");
    EXPECT_EQ(end.cause, Cause::crash);
    EXPECT_EQ(end.signal, SIGKILL);
    const AttemptEnd next = run_unit(2);
    EXPECT_EQ(next.cause, Cause::none) << next.message;
    EXPECT_NE(runner_of(next), first);
}

TEST_F(NativeUnits, ARunnerThatExitsInTheMiddleDoesNotFinishItsUnit) {
    const AttemptEnd end = run_unit(0, R"({"exit_at": 2})");
    EXPECT_EQ(end.cause, Cause::user_error);
    EXPECT_EQ(end.message, "its runner exited in the middle of the unit");
    EXPECT_EQ(end.rows, "");
}

TEST_F(NativeUnits, AnIdleRunnerThatDiedIsReplaced) {
    const std::string first = runner_of(run_unit(0));
    ASSERT_EQ(::kill(std::stoi(first), SIGKILL), 0);
    const AttemptEnd end = run_unit(1);
    // If the order was on its way when the runner died, that is a crash; then the next one is fine.
    const AttemptEnd next = end.cause == Cause::crash ? run_unit(2) : end;
    EXPECT_EQ(next.cause, Cause::none) << next.message;
    EXPECT_NE(runner_of(next), first);
}

TEST_F(NativeUnits, EveryDeathResumesToTheSameRows) {
    const AttemptEnd straight = run_unit(1, R"({"steps": 12})");
    const std::vector<const char*> deaths{"die_at", "throw_at", "exit_at", "memory_at"};
    for (std::size_t i = 0; i < deaths.size(); ++i) {
        SCOPED_TRACE(deaths[i]);
        const auto attempt = static_cast<std::uint32_t>(i + 1);
        // Each attempt saves at 2, 4, ... and gets two steps farther than the one before.
        const std::string params = "{\"steps\": 12, \"save_every\": 2, \"" +
                                   std::string(deaths[i]) + "\": " + std::to_string(3 + 2 * i) +
                                   "}";
        const AttemptEnd end = resume_unit(attempt, params);
        EXPECT_NE(end.cause, Cause::none);
        EXPECT_EQ(end.checkpoint_step, static_cast<std::int64_t>(2 + 2 * i));
        EXPECT_EQ(end.resumed, i > 0);
    }
    const AttemptEnd last = resume_unit(5, R"({"steps": 12, "save_every": 2})");
    EXPECT_EQ(last.cause, Cause::none) << last.message;
    // The same seed for both units.
    EXPECT_EQ(last.rows, straight.rows);
}

TEST_F(NativeUnits, AStoppedUnitSavesAndResumesInTheSameRunner) {
    start(0, R"({"steps": 6, "wait_at": 3})");
    wait_for_start(0);
    order(EndAttempt{
        .unit = {.stage = {0}, .index = 0},
          .attempt = {1           }
    });
    const AttemptEnd stopped = wait_for_end(0);
    EXPECT_EQ(stopped.cause, Cause::stop_request) << stopped.message;
    EXPECT_GT(stopped.checkpoint_sequence, 0U);
    const AttemptEnd resumed = resume_unit(2, R"({"steps": 6})");
    EXPECT_EQ(resumed.cause, Cause::none) << resumed.message;
    EXPECT_EQ(runner_of(resumed), runner_of(stopped));
    EXPECT_EQ(resumed.rows, run_unit(1, R"({"steps": 6})").rows);
}

TEST_F(NativeUnits, ADeafUnitIsEndedAfterItsGraceAndTheNextGetsAFreshRunner) {
    start(0, R"({"hang_at": 0})");
    wait_for_start(0);
    order(EndAttempt{
        .unit = {.stage = {0}, .index = 0},
          .attempt = {1           }
    });
    tick(11);
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::stop_request);
    EXPECT_EQ(end.signal, SIGTERM);
    EXPECT_EQ(run_unit(1).cause, Cause::none);
}

TEST_F(NativeUnits, ACancelledUnitIsKilledAtOnce) {
    start(0, R"({"hang_at": 0})");
    wait_for_start(0);
    order(EndAttempt{
        .unit = {.stage = {0}, .index = 0},
        .attempt = {1           },
        .cause = Cause::cancelled,
        .at_once = true
    });
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::cancelled);
    EXPECT_EQ(end.signal, SIGKILL);
}

TEST_F(NativeUnits, ARunnerThatGrewTooMuchGivesWay) {
    sweep().tuning.runner_growth = Bytes{64U << 20U};
    const std::string first = runner_of(run_unit(0));
    EXPECT_EQ(runner_of(run_unit(1, R"({"keep_mib": 16})")), first);
    EXPECT_EQ(runner_of(run_unit(2, R"({"keep_mib": 96})")), first);
    EXPECT_NE(runner_of(run_unit(3)), first);
}

TEST_F(NativeUnits, AUnitOverItsShareOfMemoryIsEnded) {
    stage().resources.memory = Bytes{100U << 20U};
    start(0, R"({"keep_mib": 300, "hang_at": 1})");
    wait_for_start(0);
    tick(20);
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("of its 100 MiB"));
}

TEST_F(NativeUnits, WhatAUnitLeavesBehindIsEnded) {
    const AttemptEnd end = run_unit(0, R"({"leave_child": 1})");
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_THAT(end.message, HasSubstr("left 1 process behind"));
    EXPECT_EQ(runner_of(run_unit(1)), runner_of(end));
}

TEST_F(NativeUnits, AFloodOfOutputIsCutAndTheUnitGoesOn) {
    stage().limits.output = Bytes{1U << 20U};
    const AttemptEnd end = run_unit(0, R"({"steps": 4, "chatter": 3000000})");
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_LT(output_of(end).size(), 2U << 20U);
}

TEST_F(NativeUnits, RunnersDieWithTheAgent) {
    const int idle = std::stoi(runner_of(run_unit(0)));
    start(1, R"({"hang_at": 0})");
    const auto busy = static_cast<int>(wait_for_start(1).pid);
    destroy_runner();
    EXPECT_TRUE(process_is_gone(idle));
    EXPECT_TRUE(process_is_gone(busy));
}

TEST_F(NativeUnits, InputsReachTheJobAndItsArtifactsLast) {
    Assignment unit = assignment(0);
    unit.params = R"({"inputs": 1})";
    unit.inputs = R"([{"stage":"a","unit":"00","params":{},"dir":"/d","records":[{"x":1}]}])";
    start(std::move(unit));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::none) << end.message;
    EXPECT_EQ(read_text(layout().output(assignment(0).id, {1}) + "/seen/input.txt"), "/d");
}

TEST_F(NativeUnits, AUnitWithoutCheckpointsAndArtifactsLeavesNoFolder) {
    EXPECT_EQ(run_unit(0).cause, Cause::none);
    EXPECT_TRUE(std::filesystem::is_empty(layout().units()));
}

}  // namespace
}  // namespace xorch
