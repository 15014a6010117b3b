// Units of several ranks, started by mpirun on this machine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>

#include "core/io/spawn.h"
#include "tests/worker/attempt/harness.h"
#include "worker/gang/rank_end.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Gangs : public testing::Test, public AttemptHarness {
 protected:
    void SetUp() override {
        if (!find_program("mpirun", {}, "")) GTEST_SKIP() << "mpirun is not here (openmpi-bin)";
        settings().program = XORCH_RANK_PROGRAM;
        stage().resources.ranks = 2;
    }

    void start_gang(std::uint32_t index, std::uint32_t attempt = 1) {
        Assignment gang = assignment(index, attempt);
        gang.hosts = {
            {"here", 2}
        };
        start(std::move(gang));
    }

    AttemptEnd run_gang() {
        start_gang(0);
        return wait_for_end(0);
    }

    // Both ranks say where they are once they have heard the other one.
    void start_waiting_gang() {
        shell(std::string("echo $$ > pid-$RANK; ") + wait_for_stop);
        start_gang(0);
        ASSERT_TRUE(wait_for_file(directory() + "/pid-0"));
        ASSERT_TRUE(wait_for_file(directory() + "/pid-1"));
    }

    int pid_of(int rank) {
        return std::stoi(read_text(directory() + "/pid-" + std::to_string(rank)));
    }

    static constexpr const char* wait_for_stop =
        "while ! test -e $XORCH_STOP_FILE; do read x < /dev/null; done; ";
};

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
        "signal.signal(signal.SIGUSR1, lambda *a: sys.exit(75))\n"
        "open('ready-' + os.environ['RANK'], 'w').write('ok')\n"
        "while True: signal.pause()\n"
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

// Both "nodes" are this machine: what it takes is that the first rank of each is told of two.
TEST_F(Gangs, NodesAreCheckedBeforeTheFirstGangOnThem) {
    shell("echo > ran-$RANK yes");
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here",  1},
        {"there", 1}
    };
    start(std::move(gang));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::none) << end.message << end.tail;
    EXPECT_EQ(read_text(directory() + "/ran-1"), "yes\n");
}

TEST_F(Gangs, ANodeThatFailsTheCheckIsNamedAndNoRankRuns) {
    settings().program = directory() + "/liar";
    write_text(
        settings().program,
        "#!/usr/bin/python3\n"
        "import json, os, socket, sys\n"
        "if os.environ['OMPI_COMM_WORLD_RANK'] == '0':\n"
        "    os.execv('" XORCH_RANK_PROGRAM
        "', sys.argv)\n"
        "plan = json.load(open(sys.argv[2] + '/gang.json'))\n"
        "while True:\n"
        "    try: link = socket.create_connection((plan['address'], plan['check_port'])); break\n"
        "    except ConnectionRefusedError: pass\n"
        "link.sendall((plan['check_token'] + ' there\\n').encode() + bytes(16384))\n"
        "link.recv(1)\n"
    );
    std::filesystem::permissions(settings().program, std::filesystem::perms::owner_all);
    shell("echo > ran-$RANK yes");
    Assignment gang = assignment(0);
    gang.hosts = {
        {"here",  1},
        {"there", 1}
    };
    start(std::move(gang));
    const AttemptEnd end = wait_for_end(0);
    EXPECT_EQ(end.cause, Cause::agent_lost);
    EXPECT_EQ(end.unfit_node, "there");
    EXPECT_THAT(end.message, HasSubstr("the check of its nodes failed: there gave wrong numbers"));
    EXPECT_FALSE(std::filesystem::exists(directory() + "/ran-0"));
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

TEST_F(Gangs, ARankOverItsShareOfMemoryIsEnded) {
    stage().resources.memory = Bytes{100ULL << 20U};
    python(
        "import os, signal\n"
        "if os.environ['RANK'] == '1': x = bytearray(os.urandom(1 << 20) * 300)\n"
        "while True: signal.pause()\n"
    );
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("rank 1 of 2 on here: it used"));
    EXPECT_THAT(end.message, HasSubstr("of its 100 MiB (resources.memory)"));
}

// A group of processes that have no more memory than this; open if this system lets us make one.
class PoorGroup {
 public:
    explicit PoorGroup(std::uint64_t bytes) {
        std::istringstream groups(read_text("/proc/self/cgroup"));
        for (std::string line; std::getline(groups, line);) {
            const std::size_t at = line.find(":memory:");
            if (at != std::string::npos) path_ = "/sys/fs/cgroup/memory" + line.substr(at + 8);
        }
        path_ += "/xorch-test-" + std::to_string(::getpid());
        if (!std::filesystem::create_directory(path_, error_)) return;
        write_text(path_ + "/memory.limit_in_bytes", std::to_string(bytes));
    }

    ~PoorGroup() {
        if (error_) return;
        // The kernel needs a moment after the last process is gone.
        while (::rmdir(path_.c_str()) != 0 && errno == EBUSY) {
        }
    }

    PoorGroup(const PoorGroup&) = delete;
    PoorGroup& operator=(const PoorGroup&) = delete;

    const std::error_code& error() const { return error_; }

    std::string entrance() const { return path_ + "/cgroup.procs"; }

 private:
    std::string path_;
    std::error_code error_;
};

TEST_F(Gangs, ARankThatTheKernelEndsForWantOfMemoryIsNamed) {
    const PoorGroup group(200ULL << 20U);
    if (group.error()) GTEST_SKIP() << "no memory cgroup (v1): " << group.error().message();
    const std::string folder = directory() + "/bin";
    std::filesystem::create_directory(folder);
    const std::string real = find_program("mpirun", {}, "").value();
    write_text(
        folder + "/mpirun",
        "#!/bin/sh\necho $$ > " + group.entrance() + "\nexec " + real + " \"$@\"\n"
    );
    std::filesystem::permissions(folder + "/mpirun", std::filesystem::perms::owner_all);
    sweep().env.set = {
        {"PATH", folder + ":/usr/bin:/bin"}
    };
    python(
        "import os, signal\n"
        "if os.environ['RANK'] == '1': x = bytearray(b'1') * (800 << 20)\n"
        "while True: signal.pause()\n"
    );
    const AttemptEnd end = run_gang();
    EXPECT_EQ(end.cause, Cause::out_of_memory);
    EXPECT_THAT(end.message, HasSubstr("rank 1 of 2 on here: the kernel ended it"));
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

// A process as a rank is that another agent's launcher started here; ends with the test.
class LentRank {
 public:
    LentRank(const std::string& sweep, const std::string& folder)
        : pid_(spawn({
                         .program = "/bin/sh",
                         .argv = {"sh",                                    "-c", "while :; do read x < /dev/null; done"},
                         .environment =
                             {"XORCH_GANG=" + folder,
                                  "XORCH_RANK=1", "XORCH_SWEEP=" + sweep,
                                  "XORCH_INCARNATION=00000000000000aa"},
                         .directory = {                },
                         .cpus = {     }
    }
          ).value()) {}

    ~LentRank() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    LentRank(const LentRank&) = delete;
    LentRank& operator=(const LentRank&) = delete;

    bool is_gone() const { return process_is_gone(pid_); }

 private:
    pid_t pid_;
};

TEST(LentRanksHere, EndWithTheirGangAndNoOtherDoes) {
    AttemptHarness harness;
    const UnitId id = AttemptHarness::assignment(0).id;
    const LentRank ended(harness.layout().root, harness.layout().gang(id, {1}));
    const LentRank other(harness.layout().root, harness.layout().gang(id, {2}));
    harness.order(EndRanks{.id = id, .attempt = {1}});
    EXPECT_TRUE(ended.is_gone());
    EXPECT_FALSE(other.is_gone());
}

TEST(LentRanksHere, AllEndButThoseOfTheGangsThatAreNamed) {
    AttemptHarness harness;
    AttemptHarness another;
    const UnitId id = AttemptHarness::assignment(0).id;
    const LentRank first(harness.layout().root, harness.layout().gang(id, {1}));
    const LentRank second(harness.layout().root, harness.layout().gang(id, {2}));
    const LentRank named(harness.layout().root, harness.layout().gang(id, {3}));
    const LentRank of_another_sweep(another.layout().root, another.layout().gang(id, {1}));
    EndForeignRanks order;
    order.but.push_back({id, AttemptNumber{3}});
    harness.order(order);
    EXPECT_TRUE(first.is_gone());
    EXPECT_TRUE(second.is_gone());
    EXPECT_FALSE(named.is_gone());
    EXPECT_FALSE(of_another_sweep.is_gone());
}

}  // namespace
}  // namespace xorch
