#include "slurm/relay.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/io/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(JobNodes, JoinNamesAndCpusInSlurmsOrder) {
    const auto nodes = parse_job_nodes("n[1-2,7],gpu1", "4(x2),8,16");
    ASSERT_TRUE(nodes) << nodes.error().message;
    EXPECT_THAT(
        *nodes,
        ElementsAre(
            RelayNode{"n1", 4}, RelayNode{"n2", 4}, RelayNode{"n7", 8}, RelayNode{"gpu1", 16}
        )
    );
}

TEST(JobNodes, AreRefusedUnlessEachNodeHasItsCpus) {
    for (const char* cpus :
         {"",
          "4",
          "4(x3)",
          "4(x1)",
          "0(x2)",
          "4(x0)",
          "4(x2",
          "4(y2)",
          "4;4",
          "-4(x2)",
          "4(x99999999999)",
          "4(x4294967295)",
          "4,4,4",
          "a,b"}) {
        EXPECT_FALSE(parse_job_nodes("n[1-2]", cpus)) << cpus;
    }
    EXPECT_FALSE(parse_job_nodes("", ""));
    EXPECT_FALSE(parse_job_nodes("n[1-", "4(x2)"));
}

TEST(KeeperCommand, AsksForItsNodeAloneAndSurvivesOthers) {
    RelaySettings settings;
    settings.program = "/runs/a/xorch";
    settings.directory = "/runs/a";
    settings.allocation = {3};
    EXPECT_THAT(
        keeper_argv(settings, {"n1", 4}),
        ElementsAre(
            "srun",
            "--overlap",
            "--no-kill",
            "--kill-on-bad-exit=0",
            "--nodes=1",
            "--ntasks=1",
            "--nodelist=n1",
            "--cpus-per-task=4",
            "--mem=0",
            "--mpi=none",
            "--input=none",
            "/runs/a/xorch",
            "keeper",
            "--sweep",
            "/runs/a",
            "--allocation",
            "3"
        )
    );
    settings.end_unix = Millis{1'234'567};
    const auto argv = keeper_argv(settings, {"n1", 4});
    EXPECT_THAT(
        std::vector<std::string>(argv.end() - 2, argv.end()), ElementsAre("--end-unix-s", "1234")
    );
}

TEST(SrunEnvironment, KeepsTheJobAndDropsWhatAsksForSomethingElse) {
    EXPECT_THAT(
        srun_environment(
            {"PATH=/bin",
             "SLURM_JOB_ID=5",
             "SLURM_CPUS_ON_NODE=4",
             "SLURM_CONF=/etc/slurm.conf",
             "SRUN_CPUS_PER_TASK=2",
             "SLURM_MEM_PER_NODE=100",
             "SLURM_MEM_PER_CPU=100",
             "SLURM_CPU_BIND=cores",
             "SLURM_CPU_BIND_TYPE=mask",
             "SLURM_CPUS_PER_TASK=2",
             "SLURM_NTASKS=7",
             "SLURM_NPROCS=7",
             "SLURM_NTASKS_PER_NODE=7",
             "SLURM_DISTRIBUTION=block",
             "SLURM_TRES_PER_TASK=cpu:2",
             "SLURM_EXCLUSIVE=1"}
        ),
        ElementsAre(
            "PATH=/bin", "SLURM_JOB_ID=5", "SLURM_CPUS_ON_NODE=4", "SLURM_CONF=/etc/slurm.conf"
        )
    );
}

TEST(CoordinatorExit, MeansOverIfTheSweepStandsAsItWill) {
    std::vector<int> over;
    for (int code = 0; code < 256; ++code) {
        if (means_over(code)) over.push_back(code);
    }
    EXPECT_THAT(over, ElementsAre(0, 3, 4, 5));
}

// A relay in a process of its own. Its keepers and its coordinator are shell scripts that find the
// test's folder in `$D`; `rest` waits until a signal comes.
class RelayProcess : public testing::Test {
 protected:
    void SetUp() override {
        ASSERT_EQ(::mkdir((folder_ / "logs").c_str(), 0700), 0);
        for (const char* fifo : {"never", "go"}) {
            ASSERT_EQ(::mkfifo((folder_ / fifo).c_str(), 0600), 0);
        }
        write_program("srun", "while [ \"$1\" != \"${1#--}\" ]; do shift; done; exec \"$@\"");
        settings_.program = folder_ / "xorch";
        settings_.directory = folder_.path();
        settings_.allocation = {3};
        settings_.nodes = {
            {"n1", 1}
        };
        settings_.environment = {"PATH=" + path_, "D=" + folder_.path()};
        settings_.retry_first = Millis{1};
        settings_.retry_max = Millis{1};
    }

    void start(const std::string& keeper, const std::string& coordinator) {
        write_program(
            "xorch",
            "rest() { cat $D/never & wait $!; kill $!; }\n"
            "echo $$ >> $D/$1.lives\n"
            "case $1 in\n"
            "keeper) " +
                keeper +
                ";;\n"
                "coordinator) " +
                coordinator +
                ";;\n"
                "esac"
        );
        pid_ = ::fork();
        ASSERT_GE(pid_, 0);
        if (pid_ != 0) return;
        ::setenv("PATH", path_.c_str(), 1);
        if (early_signal_ != 0) {
            if (!hold_relay_signals()) ::_exit(2);
            ::raise(early_signal_);
        }
        ::_exit(run_relay(settings_) ? 0 : 1);
    }

    int exit_code() {
        int status = -1;
        EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::vector<std::string> lines(const std::string& name) const {
        std::vector<std::string> found;
        std::ifstream file(folder_ / name);
        for (std::string line; std::getline(file, line);)
            found.push_back(line);
        return found;
    }

    void write_program(const std::string& name, const std::string& body) {
        std::ofstream(folder_ / name) << "#!/bin/sh\n" << body << "\n";
        ::chmod((folder_ / name).c_str(), 0700);
    }

    TemporaryDirectory folder_;
    std::string path_ = folder_.path() + ":/usr/bin:/bin";
    RelaySettings settings_;
    int early_signal_ = 0;
    pid_t pid_ = -1;
};

TEST_F(RelayProcess, EndsWhenItsKeepersHaveLeftAndTellsTheCoordinatorOnce) {
    // Each USR2 wakes the relay once more; when it has taken the second, the turn of the first is
    // over.
    start(
        "read x < $D/go; exit 0",
        "wake() {\n"
        "    kill -USR2 $PPID\n"
        "    until grep -q 'ShdPnd:.*0000000000000000' /proc/$PPID/status; do :; done\n"
        "}\n"
        "trap 'echo TERM >> $D/told; wake; wake; asked=yes' TERM\n"
        "echo go > $D/go; while [ \"$asked\" != yes ]; do rest; done; exit 1"
    );
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("told"), SizeIs(1));
    EXPECT_THAT(lines("keeper.lives"), SizeIs(1));
    EXPECT_THAT(lines("coordinator.lives"), SizeIs(1));
}

TEST_F(RelayProcess, StartsAKeeperAgainThatDies) {
    settings_.runs_coordinator = false;
    start("[ $(wc -l < $D/keeper.lives) = 3 ] || kill -9 $$", "");
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("keeper.lives"), SizeIs(3));
    EXPECT_THAT(lines("coordinator.lives"), IsEmpty());
}

TEST_F(RelayProcess, LeavesANodeAloneWhoseKeeperNeverLives) {
    settings_.runs_coordinator = false;
    settings_.quick_failures_max = 2;
    start("exit 1", "");
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("keeper.lives"), SizeIs(3));
}

TEST_F(RelayProcess, ASrunThatCannotBeStartedIsAFailureLikeAnyOther) {
    settings_.runs_coordinator = false;
    settings_.quick_failures_max = 2;
    path_ = "/nowhere";
    start("exit 0", "");
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("keeper.lives"), IsEmpty());
}

TEST_F(RelayProcess, StartsACoordinatorAgainThatIsKilledHoweverOften) {
    settings_.quick_failures_max = 1;
    start(
        "read x < $D/go; exit 0",
        "[ $(wc -l < $D/coordinator.lives) = 5 ] || kill -9 $$\n"
        "trap 'exit 0' TERM; echo go > $D/go; while :; do rest; done"
    );
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("coordinator.lives"), SizeIs(5));
    EXPECT_THAT(lines("keeper.lives"), SizeIs(1));
}

TEST_F(RelayProcess, TheEndOfTheSweepEndsKeepersThatDoNotLeave) {
    settings_.leave_within = Millis{1};
    start("trap '' TERM; echo go > $D/go; exec cat $D/never", "read x < $D/go; exit 4");
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("keeper.lives"), SizeIs(1));
    EXPECT_THAT(lines("coordinator.lives"), SizeIs(1));
}

TEST_F(RelayProcess, PassesTermOnAndStartsNothingAgain) {
    // Open for both: without a writer for a moment, it would be at its end.
    const Descriptor ready(::open((folder_ / "go").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(ready.is_open());
    settings_.nodes = {
        {"n1", 1},
        {"n2", 1}
    };
    start(
        "trap 'echo TERM >> $D/told; exit 1' TERM; printf x > $D/go; while :; do rest; done",
        "trap 'echo TERM >> $D/told; exit 75' TERM; printf x > $D/go; while :; do rest; done"
    );
    for (int i = 0; i < 3; ++i) {
        char mark = 0;
        ASSERT_EQ(::read(ready.number(), &mark, 1), 1);
    }
    ASSERT_EQ(::kill(pid_, SIGTERM), 0);
    EXPECT_EQ(exit_code(), 0);
    EXPECT_THAT(lines("told"), SizeIs(3));
    EXPECT_THAT(lines("keeper.lives"), SizeIs(2));
    EXPECT_THAT(lines("coordinator.lives"), SizeIs(1));
}

TEST_F(RelayProcess, ACoordinatorThatIsDeadWhenTermComesIsStartedToLeave) {
    settings_.retry_first = Millis{3'600'000};
    settings_.retry_max = settings_.retry_first;
    start(
        "trap 'exit 1' TERM; echo go > $D/go; while :; do rest; done",
        "echo $* >> $D/told; [ $(wc -l < $D/coordinator.lives) = 1 ] && kill -9 $$; exit 75"
    );
    std::ifstream ready(folder_ / "go");  // until the keeper opens it
    std::vector<std::string> lives;
    while (lives.empty())
        lives = lines("coordinator.lives");
    // Dead, and seen to be.
    while (::kill(std::stoi(lives.front()), 0) == 0)
        ::sched_yield();
    ASSERT_EQ(::kill(pid_, SIGTERM), 0);
    EXPECT_EQ(exit_code(), 0);
    const auto told = lines("told");
    ASSERT_THAT(told, SizeIs(2));
    EXPECT_THAT(told[0], testing::Not(testing::HasSubstr("--leaves")));
    EXPECT_THAT(told[1], testing::EndsWith("--leaves"));
    EXPECT_THAT(lines("keeper.lives"), SizeIs(1));
}

TEST_F(RelayProcess, SurvivesSlurmsSignalBeforeItRuns) {
    early_signal_ = SIGUSR2;
    settings_.runs_coordinator = false;
    start("exit 0", "");
    EXPECT_EQ(exit_code(), 0);
}

}  // namespace
}  // namespace xorch
