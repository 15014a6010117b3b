#include "slurm/command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <fstream>

#include "core/io/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A folder with one program, as PATH.
class FakeCommand {
 public:
    FakeCommand(const std::string& name, const std::string& body) {
        const std::string path = folder_ / name;
        std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
        ::chmod(path.c_str(), 0700);
    }

    std::vector<std::string> environment() const {
        return {"PATH=" + folder_.path() + ":/usr/bin:/bin"};
    }

 private:
    TemporaryDirectory folder_;
};

TEST(Command, TheScriptGoesToItsStdinAndItsWordsComeBackApart) {
    const FakeCommand fake("sbatch", "cat; echo \"$1\" >&2; exit 3");
    const std::string hostile = "$(reboot) '\"\nx";
    const auto run = run_command(
        {
            .argv = {"sbatch", hostile},
              .input = "#!/bin/sh\nexec true\n"
    },
        fake.environment()
    );
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->output, "#!/bin/sh\nexec true\n");
    EXPECT_EQ(run->error_output, hostile + "\n");
    EXPECT_EQ(run->exit_code, 3);
}

TEST(Command, ALongInputThatNobodyReadsDoesNotBlock) {
    const FakeCommand fake("sbatch", "echo 12");
    const std::string input(1U << 20U, 'x');
    const auto run = run_command({.argv = {"sbatch"}, .input = input}, fake.environment());
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->output, "12\n");
}

TEST(Command, OneThatHangsIsEndedAndNobodyKnowsWhatItDid) {
    const FakeCommand fake("squeue", "exec sleep 1000");
    const auto run = run_command({.argv = {"squeue"}, .time = Millis{20}}, fake.environment());
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().code, ErrorCode::unavailable);
    EXPECT_THAT(run.error().message, HasSubstr("squeue: it took longer"));
}

TEST(Command, OneThatPrintsWithoutEndIsKilledWithItsChildren) {
    // Both hold the pipe open for writing; its other end is told when the last of them has died.
    const TemporaryDirectory folder;
    const std::string pipe = folder / "alive";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const Descriptor alive(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const FakeCommand fake("squeue", "exec 3> '" + pipe + "'; sleep 1000 & exec yes");
    const auto run = run_command({.argv = {"squeue"}, .bytes = 100'000}, fake.environment());
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().code, ErrorCode::unavailable);
    pollfd dead{alive.number(), POLLIN, 0};
    EXPECT_EQ(::poll(&dead, 1, 30'000), 1);
    EXPECT_TRUE((dead.revents & POLLHUP) != 0);
}

TEST(Command, OneThatDoesNotExistIsNotFound) {
    const auto run = run_command({.argv = {"squeue"}}, {"PATH=/nowhere"});
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().code, ErrorCode::not_found);
}

TEST(Command, ItsOwnFailureHasItsWords) {
    EXPECT_EQ(*output_of({.exit_code = 0, .output = "x\n"}, "sinfo"), "x\n");
    const auto failed = output_of({.exit_code = 1, .error_output = "no\nway"}, "sinfo");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "sinfo failed: no");
}

TEST(SlurmEnvironment, HoldsNothingThatChangesWhatTheCommandsDo) {
    EXPECT_THAT(
        slurm_environment({
            "HOME=/root",
            "SLURM_JOB_ID=5",
            "SLURM_CONF=/etc/slurm.conf",
            "SLURM_CONF_SERVER=x",
            "SBATCH_PARTITION=x",
            "SCANCEL_STATE=x",
            "SQUEUE_FORMAT=x",
            "SALLOC_QOS=x",
            "SRUN_DEBUG=1",
            "SINFO_FORMAT=x",
            "SACCT_FORMAT=x",
            "PMIX_RANK=0",
            "PMI_RANK=0",
            "LC_ALL=de_DE.UTF-8",
            "SLURM_TIME_FORMAT=relative",
            "MYSLURM_X=1",
            "CUDA_VISIBLE_DEVICES=3",
        }),
        ElementsAre(
            "HOME=/root",
            "SLURM_CONF=/etc/slurm.conf",
            "LC_ALL=de_DE.UTF-8",
            "MYSLURM_X=1",
            "SLURM_TIME_FORMAT=%s"
        )
    );
}

TEST(SlurmEnvironment, DevicesThatAPersonChoseOutsideOfAJobStay) {
    EXPECT_THAT(
        slurm_environment({"CUDA_VISIBLE_DEVICES=3"}),
        ElementsAre("CUDA_VISIBLE_DEVICES=3", "SLURM_TIME_FORMAT=%s")
    );
}

}  // namespace
}  // namespace xorch
