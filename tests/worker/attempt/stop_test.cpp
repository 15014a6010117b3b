#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/attempt/harness.h"

namespace xorch {
namespace {

using testing::HasSubstr;

// Waits until `ready` was written by the unit's program.
void start_and_wait(AttemptHarness& harness) {
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/ready"));
}

EndAttempt stop(Cause cause, bool at_once = false) {
    return {.unit = {}, .attempt = {1}, .cause = cause, .at_once = at_once};
}

constexpr const char* obedient =
    "echo > ready ok; while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done; ";

TEST(StoppingAUnit, TheStopFileAsksFirst) {
    AttemptHarness harness;
    harness.shell(std::string(obedient) + "exit 75");
    start_and_wait(harness);
    harness.order(stop(Cause::time_limit));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::time_limit);
    EXPECT_EQ(end.exit_code, 75);
}

TEST(StoppingAUnit, OneThatFinishesCompletelyIsDone) {
    AttemptHarness harness;
    harness.stage().records.required = {"acc"};
    harness.shell(std::string(obedient) + "echo '{{\"acc\": 1}}' >> $XORCH_RECORDS");
    start_and_wait(harness);
    harness.order(stop(Cause::preempted));
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::none);
}

TEST(StoppingAUnit, OneThatExitsWithZeroButWithoutItsRecordsIsGivenBack) {
    AttemptHarness harness;
    harness.stage().records.required = {"acc"};
    harness.shell(obedient);
    start_and_wait(harness);
    harness.order(stop(Cause::stop_request));
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::stop_request);
}

TEST(StoppingAUnit, AnotherExitCodeAfterTheRequestIsNotTheUnitsFailure) {
    AttemptHarness harness;
    harness.shell(std::string(obedient) + "exit 1");
    start_and_wait(harness);
    harness.order(stop(Cause::stop_request));
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::stop_request);
}

TEST(StoppingAUnit, ACancelledOneIsNeverDone) {
    AttemptHarness harness;
    harness.shell(obedient);
    start_and_wait(harness);
    harness.order(stop(Cause::cancelled));
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::cancelled);
}

TEST(StoppingAUnit, TheStopSignalGoesToTheMainProcess) {
    AttemptHarness harness;
    harness.stage().stop_signal = "USR1";
    harness.python(
        // Blocked, so that it is not lost between a handler and a pause.
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "open('ready', 'w').write('ok')\n"
        "sys.exit(75 if signal.sigwait([signal.SIGUSR1]) == signal.SIGUSR1 else 1)\n"
    );
    start_and_wait(harness);
    harness.order(stop(Cause::time_limit));
    EXPECT_EQ(harness.wait_for_end(0).exit_code, 75);
}

TEST(StoppingAUnit, TermFollowsAfterTheGrace) {
    AttemptHarness harness;
    harness.shell("echo > ready ok; exec sleep 1000");
    start_and_wait(harness);
    harness.order(stop(Cause::time_limit));
    harness.move_ahead(harness.stage().limits.grace + Millis(1));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::time_limit);
    EXPECT_EQ(end.signal, SIGTERM);
}

TEST(StoppingAUnit, OneThatIgnoresTermIsKilledAfterAnotherGrace) {
    AttemptHarness harness;
    harness.python(
        "import signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('ready', 'w').write('ok')\n"
        "while True: signal.pause()\n"
    );
    start_and_wait(harness);
    harness.order(stop(Cause::time_limit));
    harness.move_ahead(harness.stage().limits.grace + Millis(1));
    harness.tick(1);
    harness.move_ahead(harness.stage().limits.grace + Millis(1));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::time_limit);
    EXPECT_EQ(end.signal, SIGKILL);
}

TEST(StoppingAUnit, AtOnceMeansAtOnce) {
    AttemptHarness harness;
    harness.shell("trap '' TERM; echo > ready ok; while :; do sleep 1000; done");
    start_and_wait(harness);
    harness.order(stop(Cause::superseded, true));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::superseded);
    EXPECT_EQ(end.signal, SIGKILL);
}

TEST(StoppingAUnit, OneThatHasNoProcessYetNeverGetsOne) {
    AttemptHarness harness;
    harness.shell("echo > ready started  # {out} makes its folders wait for the sweep's disk");
    harness.start(0);
    harness.order(stop(Cause::cancelled));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::cancelled);
    EXPECT_EQ(read_text(harness.directory() + "/ready"), "");
}

TEST(LeftProcesses, AnOrphanInItsOwnSessionIsEndedAndNamed) {
    AttemptHarness harness;
    harness.shell(
        "setsid sh -c 'echo $$ > child; exec sleep 1000' & while ! test -s child; do :; done"
    );
    harness.start(0);
    ASSERT_TRUE(harness.wait_for_file(harness.directory() + "/child"));
    harness.turn_until([&] { return harness.runner().next_poll() > Millis(0); });
    const int child = std::stoi(read_text(harness.directory() + "/child"));
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_TRUE(process_is_gone(child)) << "the attempt is over before its last process";
    EXPECT_EQ(end.cause, Cause::none);
    EXPECT_THAT(end.message, HasSubstr("left 1 process behind (sleep)"));
}

TEST(LeftProcesses, ADaemonWithoutEnvironmentIsEndedToo) {
    AttemptHarness harness;
    harness.python(R"(
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3): os.close(number)
        open("child.tmp", "w").write(str(os.getpid()))
        os.rename("child.tmp", "child")
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    os._exit(0)
while not os.path.exists("child"): pass
)");
    harness.start(0);
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_TRUE(process_is_gone(std::stoi(read_text(harness.directory() + "/child"))));
    EXPECT_EQ(end.cause, Cause::none);
}

TEST(LeftProcesses, AStopReachesGrandchildren) {
    AttemptHarness harness;
    harness.shell("setsid sh -c 'echo $$ > ready; exec sleep 1000' & wait");
    start_and_wait(harness);
    const int child = std::stoi(read_text(harness.directory() + "/ready"));
    harness.order(stop(Cause::superseded, true));
    EXPECT_EQ(harness.wait_for_end(0).cause, Cause::superseded);
    EXPECT_TRUE(process_is_gone(child));
}

TEST(LeftProcesses, AnotherAttemptsProcessesAreLeftAlone) {
    AttemptHarness harness;
    harness.shell("test $XORCH_SEED = 1 && exit; echo $$ > ready; sleep 1000 & wait");
    start_and_wait(harness);
    Assignment other = AttemptHarness::assignment(1);
    other.seed = 1;
    harness.start(other);
    EXPECT_EQ(harness.wait_for_end(1).cause, Cause::none);
    EXPECT_FALSE(process_is_gone(std::stoi(read_text(harness.directory() + "/ready"))));
}

TEST(Limits, AUnitOverItsMemoryIsEndedWithTheNumbers) {
    AttemptHarness harness;
    harness.stage().resources.memory = Bytes{64ULL << 20U};
    harness.python(
        "import signal\n"
        "block = bytearray(200 << 20)\n"
        "signal.pause()\n"
    );
    harness.start(0);
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("of its 64 MiB"));
    // It may be seen, and ended, before it has all that it wants.
    EXPECT_GT(end.memory_peak.value, 64ULL << 20U);
}

TEST(Limits, AUnitThatFillsTheDiskIsEnded) {
    AttemptHarness harness;
    harness.stage().limits.disk = Bytes{4ULL << 20U};
    harness.shell("head -c 8000000 /dev/zero > $XORCH_OUT/big; echo > ready ok; exec sleep 1000");
    start_and_wait(harness);
    harness.tick(6);
    const AttemptEnd end = harness.wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::output_limit);
    EXPECT_THAT(end.message, HasSubstr("limits.disk"));
}

}  // namespace
}  // namespace xorch
