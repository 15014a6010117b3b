#include "tools/cli/doctor/probe/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slurm/fake_slurm.h"
#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using testing::HasSubstr;

constexpr const char* all_commands[] = {
    "sbatch", "squeue", "scancel", "srun", "scontrol", "sinfo", "sacct"};

std::optional<SlurmFacts> probe(const FakeSlurm& fake, const SlurmOptions& asked = {}) {
    return probe_slurm(SlurmSite(fake.environment()), asked, "/tmp");
}

TEST(SiteProbe, WithoutAnyCommandThereIsNoSlurm) {
    FakeSlurm fake;
    for (const char* command : all_commands)
        fake.remove(command);
    EXPECT_FALSE(probe(fake));
}

TEST(SiteProbe, ACommandThatIsMissingIsNamed) {
    FakeSlurm fake;
    fake.remove("squeue");
    const auto facts = probe(fake);
    ASSERT_TRUE(facts);
    for (const SlurmCommandFacts& command : facts->commands)
        EXPECT_EQ(command.path.empty(), command.name == "squeue") << command.name;
}

TEST(SiteProbe, AsksOnlyAControllerThatAnswers) {
    FakeSlurm fake;
    fake.answer("scontrol", {.output = "Slurmctld(primary) at ctl is DOWN\n", .exit_code = 1});
    const auto facts = probe(fake);
    ASSERT_TRUE(facts);
    ASSERT_TRUE(facts->controllers);
    EXPECT_FALSE(facts->controllers->front().is_up);
    EXPECT_FALSE(facts->submission);
    EXPECT_EQ(fake.calls("scontrol"), 1U);
    EXPECT_EQ(fake.calls("sinfo"), 0U);
    EXPECT_EQ(fake.calls("sacct"), 0U);
}

TEST(SiteProbe, ReadsWhatTheCommandsSay) {
    FakeSlurm fake;
    // One answer to all questions of scontrol: each reader takes what is its own.
    fake.answer(
        "scontrol",
        {.output = "Slurmctld(primary) at ctl is UP\n"
                   "KillWait                = 5 sec\n"
                   "\n"
                   "PartitionName=main\n   GraceTime=30\n"}
    );
    fake.answer("sinfo", {.output = "main*|up|1:00|n/a|1-2|3|12|1000|idle|gpu:2\n"});
    fake.answer("sbatch", {.output = "slurm-wlm 22.05.8\n"});
    fake.answer("srun", {.error_output = "MPI plugin types are...\n\tnone\n\tpmix\n"});
    fake.answer(
        "sacct", {.error_output = "Slurm accounting storage is disabled\n", .exit_code = 1}
    );
    const auto facts = probe(fake);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->version, "Slurm 22.05.8");
    ASSERT_TRUE(facts->config && *facts->config);
    EXPECT_EQ((*facts->config)->kill_wait, Millis{5'000});
    EXPECT_EQ(facts->grace_times.at("main"), Millis{30'000});
    ASSERT_TRUE(facts->partitions && *facts->partitions);
    EXPECT_EQ((*facts->partitions)->front().gpus_per_node, 2U);
    EXPECT_EQ(longest_time(*facts), Millis{60'000});
    ASSERT_TRUE(facts->mpi && *facts->mpi);
    EXPECT_EQ(**facts->mpi, "none, pmix");
    EXPECT_EQ(facts->accounting.problem, "Slurm accounting storage is disabled");
    ASSERT_TRUE(facts->submission);
    EXPECT_EQ(facts->submission->outcome, SubmissionOutcome::accepted);
}

TEST(SiteProbe, ACommandThatNeverEndsIsGivenUp) {
    FakeSlurm fake;
    fake.answer("scontrol", {.output = "Slurmctld(primary) at ctl is UP\n"});
    fake.hold("sinfo");
    const auto facts = probe_slurm(SlurmSite(fake.environment(), Millis{2'000}), {}, "/tmp");
    ASSERT_TRUE(facts && facts->partitions);
    ASSERT_FALSE(*facts->partitions);
    EXPECT_THAT(facts->partitions->error().message, HasSubstr("it took longer"));
}

TEST(SiteProbe, AnOptionThatSlurmNeverGetsIsARefusal) {
    FakeSlurm fake;
    fake.answer("scontrol", {.output = "Slurmctld(primary) at ctl is UP\n"});
    const auto facts = probe(fake, {.partition = "main --wrap=x"});
    ASSERT_TRUE(facts && facts->submission);
    EXPECT_EQ(facts->submission->outcome, SubmissionOutcome::wrong);
    EXPECT_THAT(fake.argv("sbatch"), testing::ElementsAre("--version"));
}

TEST(SiteProbe, GarbageFromEveryCommandLeavesFactsUnknown) {
    const RandomText garbage(
        {"Slurmctld(primary) at ", " is ", "main|up|", "KillWait = ", "PartitionName=", "\n", "|||"}
    );
    FakeSlurm fake;
    unsigned seed = 0;
    for (int round = 0; round < 20; ++round) {
        for (const char* command : all_commands) {
            fake.answer(
                command,
                {.output = garbage.make(seed),
                 .error_output = garbage.make(seed + 1),
                 .exit_code = round % 2}
            );
            seed += 2;
        }
        const auto facts = probe(fake);
        ASSERT_TRUE(facts);
        EXPECT_FALSE(facts->controllers && facts->controllers->front().is_up) << round;
        EXPECT_FALSE(facts->submission) << round;
    }
}

}  // namespace
}  // namespace xorch
