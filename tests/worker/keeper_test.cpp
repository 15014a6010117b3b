#include "worker/keeper.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/io/spawn.h"
#include "tests/support/temporary_directory.h"
#include "worker/os/process_tree.h"

namespace xorch {
namespace {

// A keeper in a process of its own, whose agents are shell scripts that find `$D`, the test's
// folder, and their incarnation in `$I`.
class KeeperProcess : public testing::Test {
 protected:
    void SetUp() override { ASSERT_EQ(mkdir((directory_ / "logs").c_str(), 0700), 0); }

    void start(const std::string& script, int quick_failures_max = 8) {
        KeeperSettings settings;
        const std::string prelude = "D=" + directory_.path() + "; I=$6; ";
        settings.agent_command = {"/bin/sh", "-c", prelude + script, "agent"};
        settings.layout.root = directory_.path();
        settings.allocation = {3};
        settings.retry_first = Millis{1};
        settings.quick_failures_max = quick_failures_max;
        pid_ = fork();
        ASSERT_GE(pid_, 0);
        if (pid_ == 0) {
            setsid();
            _exit(run_keeper(settings) ? 0 : 1);
        }
    }

    int exit_code() {
        int status = -1;
        EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::vector<std::string> lines(const std::string& name) {
        std::vector<std::string> found;
        std::ifstream file(directory_ / name);
        for (std::string line; std::getline(file, line);) {
            found.push_back(line);
        }
        return found;
    }

    TemporaryDirectory directory_;
    pid_t pid_ = -1;
};

TEST_F(KeeperProcess, EndsWhenItsAgentLeftInOrder) {
    start("echo \"$@\" > $D/arguments");
    EXPECT_EQ(exit_code(), 0);
    ASSERT_EQ(lines("arguments").size(), 1U);
    EXPECT_EQ(
        lines("arguments")[0].rfind(
            "--sweep " + directory_.path() + " --allocation 3 --incarnation ", 0
        ),
        0U
    );
}

TEST_F(KeeperProcess, StartsANewAgentUnderANewIncarnationWhenOneIsKilled) {
    start("echo $I >> $D/lives; [ $(wc -l < $D/lives) = 3 ] || kill -9 $$");
    EXPECT_EQ(exit_code(), 0);
    const auto lives = lines("lives");
    ASSERT_EQ(lives.size(), 3U);
    EXPECT_EQ(lives[0].size(), 16U);
    EXPECT_NE(lives[0], lives[1]);
    EXPECT_NE(lives[1], lives[2]);
}

TEST_F(KeeperProcess, KillsADescendantInASessionOfItsOwnWhenTheAgentIsKilled) {
    ASSERT_EQ(mkfifo((directory_ / "ready").c_str(), 0600), 0);
    start(
        "[ -e $D/orphan ] && exit 0; "
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ > '$D'/orphan; echo > '$D'/ready; exec sleep "
        "1000\" & wait' & read x < $D/ready; kill -9 $$"
    );
    EXPECT_EQ(exit_code(), 0);
    ASSERT_EQ(lines("orphan").size(), 1U);
    EXPECT_FALSE(look_at(std::stoi(lines("orphan")[0])));
}

TEST_F(KeeperProcess, PassesTermOnAndEnds) {
    ASSERT_EQ(mkfifo((directory_ / "ready").c_str(), 0600), 0);
    start("trap 'echo told > $D/told; exit 9' TERM; echo > $D/ready; while :; do sleep 0.01; done");
    EXPECT_EQ(lines("ready").size(), 1U);
    kill(pid_, SIGTERM);
    EXPECT_EQ(exit_code(), 0);
    EXPECT_EQ(lines("told"), std::vector<std::string>{"told"});
}

TEST_F(KeeperProcess, GivesUpWhenNoAgentCanRun) {
    start("echo x >> $D/lives; exit 7", 4);
    EXPECT_EQ(exit_code(), 1);
    EXPECT_EQ(lines("lives").size(), 4U);
}

TEST_F(KeeperProcess, EndsWhatAnAgentOfADeadKeeperLeftBehind) {
    ASSERT_EQ(mkfifo((directory_ / "ready").c_str(), 0600), 0);
    const pid_t leftover = fork();
    ASSERT_GE(leftover, 0);
    if (leftover == 0) {
        const std::string script = "echo > " + (directory_ / "ready") + "; exec sleep 1000";
        const std::string sweep = "XORCH_SWEEP=" + directory_.path();
        const char* argv[] = {"sh", "-c", script.c_str(), nullptr};
        const char* environment[] = {
            "PATH=/usr/bin:/bin", sweep.c_str(), "XORCH_INCARNATION=00000000000000ff", nullptr};
        execve("/bin/sh", const_cast<char**>(argv), const_cast<char**>(environment));
        _exit(127);
    }
    EXPECT_EQ(lines("ready").size(), 1U);
    start("exit 0");
    int status = 0;
    EXPECT_EQ(waitpid(leftover, &status, 0), leftover);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(exit_code(), 0);
}

TEST_F(KeeperProcess, EndsRanksThatSlurmsDaemonStartedForAnAgentThatIsKilled) {
    ASSERT_EQ(mkfifo((directory_ / "life").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((directory_ / "go").c_str(), 0600), 0);
    start(
        "[ -e $D/second ] && exit 0; echo > $D/second; echo $I > $D/life; read x < $D/go; "
        "kill -9 $$"
    );
    const auto life = lines("life");
    ASSERT_EQ(life.size(), 1U);
    const auto rank = spawn({
        .program = "/bin/sh",
        .argv = {"sh",                                    "-c", "while :; do read x < /dev/null; done"},
        .environment = {"XORCH_INCARNATION=" + life[0]},
        .directory = {                             },
        .cpus = {                 }
    });
    ASSERT_TRUE(rank);
    std::ofstream(directory_ / "go") << "on\n";
    int status = 0;
    EXPECT_EQ(waitpid(*rank, &status, 0), *rank);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(exit_code(), 0);
}

}  // namespace
}  // namespace xorch
