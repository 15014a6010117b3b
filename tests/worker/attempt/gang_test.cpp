// Units of several ranks, started by mpirun on this machine: what ranks are told, and how they end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <set>

#include "tests/worker/attempt/gangs.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Gangs, EachRankIsToldWhichOneItIs) {
    shell(
        "echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $MASTER_ADDR:$MASTER_PORT > who-$RANK"
    );
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_THAT(read_text(directory() + "/who-0"), StartsWith("0/2 0/2 127.0.0.1:"));
    EXPECT_THAT(read_text(directory() + "/who-1"), StartsWith("1/2 1/2 127.0.0.1:"));
}

TEST_F(Gangs, RowsAreRankZerosAndOtherOutputSaysWhose) {
    stage().records.from.stdout_pattern = "loss=(?<loss>.*)";
    shell("echo loss=$RANK; echo tail >&2");
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_EQ(end.rows, "{\"loss\":0}\n");
    const std::string output = output_of(end);
    EXPECT_THAT(output, HasSubstr("[1] loss=1\n"));
    EXPECT_THAT(output, HasSubstr("[1] tail\n"));
    EXPECT_THAT(output, HasSubstr("loss=0\n"));
    EXPECT_THAT(output, Not(HasSubstr("[0]")));
}

TEST_F(Gangs, WhatIsSharedIsGoneAfterwards) {
    stage().records.required = {"a"};
    shell("test $RANK = 1 || echo '{{\"a\": 1}}' >> $XORCH_RECORDS");
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_FALSE(std::filesystem::exists(layout().attempt(assignment(0).id, {1})));
}

TEST_F(Gangs, TheRankThatFailedFirstIsNamedAndTheOtherIsCollateral) {
    shell(std::string("if test $RANK = 1; then echo it is me; exit 3; fi; ") + wait_for_stop);
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::user_error);
    EXPECT_EQ(end.exit_code, 3);
    EXPECT_THAT(
        end.message, HasSubstr("rank 1 of 2 on here exited with code 3; rank 0 ended with it")
    );
    EXPECT_EQ(end.tail, "it is me");
}

TEST_F(Gangs, ARankThatIsKilledEndsTheOther) {
    start_waiting_gang();
    ::kill(pid_of(0), SIGKILL);
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::crash);
    EXPECT_EQ(end.signal, SIGKILL);
    EXPECT_THAT(end.message, HasSubstr("rank 0 of 2 on here was killed by signal 9"));
    EXPECT_TRUE(process_is_gone(pid_of(1)));
}

TEST_F(Gangs, ALauncherThatIsKilledTakesAllRanksAlong) {
    start_waiting_gang();
    ::kill(static_cast<int>(wait_for_start(0).pid), SIGKILL);
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::crash);
    EXPECT_THAT(end.message, HasSubstr("mpirun, which ran its ranks, was killed by signal 9"));
    EXPECT_TRUE(process_is_gone(pid_of(0)));
    EXPECT_TRUE(process_is_gone(pid_of(1)));
}

TEST_F(Gangs, OneThatSavesAndAsksToBeCalledAgainIsNoFailure) {
    shell("exit 75");
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::checkpointed) << end.message;
    EXPECT_EQ(end.exit_code, 75);
}

TEST_F(Gangs, OneRankThatSavesEarlierThanAnotherDoesNotEndIt) {
    shell(
        "if test $RANK = 0; then echo > saved; exit 75; fi; "
        "while ! test -e saved; do :; done; echo done > late; exit 75"
    );
    EXPECT_EQ(run_gang().cause, Cause::checkpointed);
    EXPECT_EQ(read_text(directory() + "/late"), "done\n");
}

TEST_F(Gangs, TwoAtATimeHaveDifferentPorts) {
    shell(std::string("echo $MASTER_PORT > port-$XORCH_SEED-$RANK; ") + wait_for_stop);
    for (const std::uint32_t index : {0U, 1U}) {
        Assignment gang = assignment(index);
        gang.id = assignment(0).id;
        gang.seed = index;
        gang.attempt = {index + 1};
        gang.hosts = {
            {"here", 2}
        };
        start(std::move(gang));
    }
    std::set<std::string> ports;
    for (const char* name : {"/port-0-0", "/port-0-1", "/port-1-0", "/port-1-1"}) {
        ASSERT_TRUE(wait_for_file(directory() + name));
        ports.insert(read_text(directory() + name));
    }
    EXPECT_EQ(ports.size(), 2U);
}

TEST_F(Gangs, WithoutALauncherThePackageIsNamed) {
    const std::string folder = directory() + "/bin";
    std::filesystem::create_directory(folder);
    std::filesystem::create_symlink("/bin/sh", folder + "/sh");
    sweep().env.set = {
        {"PATH", folder}
    };
    shell("true");
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::spawn);
    EXPECT_THAT(end.message, HasSubstr("needs mpirun"));
    EXPECT_THAT(end.message, HasSubstr("apt-get install openmpi-bin"));
}

TEST_F(Gangs, ALauncherThatStartsNothingIsEndedAfterAMinute) {
    const std::string folder = directory() + "/bin";
    std::filesystem::create_directory(folder);
    write_text(
        folder + "/mpirun",
        "#!/bin/sh\necho mpirun: no slots; while :; do read x < /dev/null; done\n"
    );
    std::filesystem::permissions(folder + "/mpirun", std::filesystem::perms::owner_all);
    sweep().env.set = {
        {"PATH", folder + ":/usr/bin:/bin"}
    };
    shell("true");
    start_gang(0);
    wait_for_start(0);
    move_ahead(Millis{60'001});
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::spawn);
    EXPECT_THAT(end.message, HasSubstr("mpirun started no rank within 60 s"));
}

}  // namespace
}  // namespace xorch
