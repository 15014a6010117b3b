// How all ranks of a gang are asked to stop, and ended if they do not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "tests/worker/attempt/gangs.h"
#include "worker/gang/rank_end.h"

namespace xorch {
namespace {

TEST_F(Gangs, AllRanksSeeTheStopFile) {
    shell(std::string("echo > ready-$RANK yes; ") + wait_for_stop + "echo > saved-$RANK; exit 75");
    start_gang(0);
    ASSERT_TRUE(wait_for_file(directory() + "/ready-0"));
    ASSERT_TRUE(wait_for_file(directory() + "/ready-1"));
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::time_limit, .at_once = false});
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::time_limit);
    EXPECT_EQ(end.exit_code, 75);
    EXPECT_TRUE(std::filesystem::exists(directory() + "/saved-1"));
}

TEST_F(Gangs, AllRanksGetTheStopSignal) {
    stage().stop_signal = "USR1";
    python(
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "open('ready-' + os.environ['RANK'], 'w').write('ok')\n"
        "sys.exit(75 if signal.sigwait([signal.SIGUSR1]) == signal.SIGUSR1 else 1)\n"
    );
    start_gang(0);
    ASSERT_TRUE(wait_for_file(directory() + "/ready-0"));
    ASSERT_TRUE(wait_for_file(directory() + "/ready-1"));
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::time_limit, .at_once = false});
    EXPECT_EQ(wait_for_end(0).exit_code, 75);
}

TEST_F(Gangs, RanksThatDoNotListenAreKilledAfterTheGraces) {
    shell("trap '' TERM; echo $$ > pid-$RANK; while :; do read x < /dev/null; done");
    start_gang(0);
    ASSERT_TRUE(wait_for_file(directory() + "/pid-0"));
    ASSERT_TRUE(wait_for_file(directory() + "/pid-1"));
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::stop_request, .at_once = false});
    move_ahead(Millis{10'001});
    tick(1);
    move_ahead(Millis{10'001});
    EXPECT_EQ(wait_for_end(0).cause, Cause::stop_request);
    EXPECT_TRUE(process_is_gone(pid_of(0)));
    EXPECT_TRUE(process_is_gone(pid_of(1)));
}

TEST_F(Gangs, RanksGetTermAndTimeWhateverTheFirstOfThemMakesOfIt) {
    // Rank 0 is gone at once; the other one takes its time.
    shell(
        "trap 'test $RANK = 0 && exit 9; while ! test -e go; do :; done; echo > saved yes; exit 1' "
        "TERM; echo > ready-$RANK yes; while :; do read x < /dev/null; done"
    );
    start_gang(0);
    ASSERT_TRUE(wait_for_file(directory() + "/ready-0"));
    ASSERT_TRUE(wait_for_file(directory() + "/ready-1"));
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::stop_request, .at_once = false});
    move_ahead(Millis{10'001});
    tick(1);
    ASSERT_TRUE(wait_for_file(layout().gang(assignment(0).id, {1}) + "/" + rank_end_name(0)));
    write_text(directory() + "/go", "");
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(read_text(directory() + "/saved"), "yes\n");
    EXPECT_EQ(end.cause, Cause::stop_request);
    EXPECT_EQ(end.exit_code, 9);
}

TEST_F(Gangs, OneThatIsSupersededEndsAtOnce) {
    start_waiting_gang();
    order(EndAttempt{.unit = {}, .attempt = {1}, .cause = Cause::superseded, .at_once = true});
    EXPECT_EQ(wait_for_end(0).cause, Cause::superseded);
    EXPECT_TRUE(process_is_gone(pid_of(0)));
    EXPECT_TRUE(process_is_gone(pid_of(1)));
}

}  // namespace
}  // namespace xorch
