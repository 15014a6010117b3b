#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slurm/submission.h"
#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using testing::HasSubstr;

SubmissionAnswer refused_with(std::string words) {
    return read_sbatch(ProgramRun{.exit_code = 1, .error_output = std::move(words)});
}

SubmissionOutcome outcome(const std::string& reason) {
    return refused_with("sbatch: error: Batch job submission failed: " + reason + "\n").outcome;
}

TEST(SubmissionAnswer, ReadsTheIdOfTheJobWithAndWithoutACluster) {
    for (const char* text : {"123\n", "123;big\n", "123"}) {
        const auto answer = read_sbatch(ProgramRun{.exit_code = 0, .output = text});
        EXPECT_EQ(answer.outcome, SubmissionOutcome::accepted) << text;
        EXPECT_EQ(answer.job, SlurmJobId{123}) << text;
    }
}

TEST(SubmissionAnswer, SuccessWithoutOneIdLeavesItOpenWhetherTheJobExists) {
    for (const char* text : {"", "welcome\n123\n", "0\n", "12x\n", "12\n13\n", "-5\n"}) {
        const auto answer = read_sbatch(ProgramRun{.exit_code = 0, .output = text});
        EXPECT_EQ(answer.outcome, SubmissionOutcome::unreachable) << text;
    }
    const auto both = read_sbatch(ProgramRun{
        .exit_code = 1, .output = "12\n", .error_output = "Invalid partition"});
    EXPECT_EQ(both.outcome, SubmissionOutcome::unreachable);
}

TEST(SubmissionAnswer, ALimitOrAPartitionThatIsDownIsWaiting) {
    for (const char* reason :
         {"Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
          "Required partition not available (inactive or drain)",
          "Partition in DOWN state",
          "Required node not available (down, drained or reserved)",
          "Requested partition configuration not available now",
          "Slurm temporarily unable to accept job, sleeping and retrying",
          "Requested reservation not usable now"}) {
        EXPECT_EQ(outcome(reason), SubmissionOutcome::waiting) << reason;
    }
}

TEST(SubmissionAnswer, ARequestThatCanNeverBeMetIsWrong) {
    for (const char* reason :
         {"Invalid partition name specified",
          "Invalid account or account/partition combination specified",
          "Invalid qos specification",
          "Invalid feature specification",
          "Requested node configuration is not available",
          "Requested time limit is invalid (missing or exceeds some limit)",
          "Access/permission denied",
          "Invalid generic resource (gres) specification",
          "No partition specified or system default partition"}) {
        EXPECT_EQ(outcome(reason), SubmissionOutcome::wrong) << reason;
    }
    EXPECT_EQ(
        refused_with("sbatch: unrecognized option '--gpus-per-node=2'\n").outcome,
        SubmissionOutcome::wrong
    );
}

TEST(SubmissionAnswer, AControllerThatDoesNotAnswerLeavesItOpen) {
    for (const char* reason :
         {"Unable to contact slurm controller (connect failure)",
          "Socket timed out on send/recv operation",
          "Zero Bytes were transmitted or received",
          "Slurm backup controller in standby mode",
          "Protocol authentication error"}) {
        EXPECT_EQ(outcome(reason), SubmissionOutcome::unreachable) << reason;
    }
    const auto killed = fail(ErrorCode::unavailable, "running sbatch: it took longer than 60 s");
    EXPECT_EQ(read_sbatch(killed).outcome, SubmissionOutcome::unreachable);
    EXPECT_EQ(read_sbatch(ProgramRun{.signal = 9}).outcome, SubmissionOutcome::unreachable);
}

TEST(SubmissionAnswer, WithoutSbatchNothingWasSubmitted) {
    const auto answer = read_sbatch(fail(ErrorCode::not_found, "program \"sbatch\" not found"));
    EXPECT_EQ(answer.outcome, SubmissionOutcome::wrong);
    EXPECT_THAT(answer.message, HasSubstr("not found"));
}

TEST(SubmissionAnswer, AnUnknownRefusalOfTheControllerWaits) {
    EXPECT_EQ(outcome("The moon is in the wrong phase"), SubmissionOutcome::waiting);
    EXPECT_EQ(refused_with("Segmentation fault\n").outcome, SubmissionOutcome::unreachable)
        << "nothing says that the controller refused";
}

TEST(SubmissionAnswer, TellsPeopleWhatSlurmSaid) {
    EXPECT_EQ(
        refused_with("sbatch: error: QOSMaxSubmitJobPerUserLimit\n"
                     "sbatch: error: Batch job submission failed: Job violates accounting/QOS "
                     "policy (job submit limit, user's size and/or time limits)\n")
            .message,
        "QOSMaxSubmitJobPerUserLimit; Batch job submission failed: Job violates accounting/QOS "
        "policy (job submit limit, user's size and/or time limits)"
    );
    EXPECT_EQ(refused_with("").message, "sbatch failed without a word");
}

TEST(TestOnly, SaysWhenAndWhereTheJobWouldStart) {
    const auto answer = read_test_only(ProgramRun{
        .exit_code = 0,
        .error_output = "sbatch: Job 12 to start at 1795744923 using 4 processors on nodes n[1-2] "
                        "in partition main\n"});
    EXPECT_EQ(answer.outcome, SubmissionOutcome::accepted);
    const ExpectedStart expected{std::chrono::seconds(1'795'744'923), "n[1-2]", "main"};
    EXPECT_EQ(answer.expected, expected);
}

TEST(TestOnly, WhatIsNotUnderstoodIsStillAccepted) {
    const auto answer = read_test_only(ProgramRun{.exit_code = 0, .error_output = "fine\n"});
    EXPECT_EQ(answer.outcome, SubmissionOutcome::accepted);
    EXPECT_FALSE(answer.expected);
    const auto later = read_test_only(ProgramRun{
        .exit_code = 0, .error_output = "Job 1 to start at Unknown using x"});
    ASSERT_TRUE(later.expected);
    EXPECT_FALSE(later.expected->start);
}

TEST(TestOnly, ARefusalIsToldApartAsForARealSubmission) {
    const auto answer = read_test_only(ProgramRun{
        .exit_code = 1,
        .error_output = "allocation failure: Requested node configuration is not available\n"});
    EXPECT_EQ(answer.outcome, SubmissionOutcome::wrong);
}

TEST(SubmissionAnswer, GarbageIsNeverAJob) {
    const RandomText garbage(
        {"12",
         ";",
         "\n",
         "sbatch: error: ",
         "Invalid ",
         "Job 1 to start at ",
         "using ",
         "on nodes "}
    );
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const ProgramRun run{
            .exit_code = seed % 2 == 0 ? 0 : 1, .output = text, .error_output = text};
        const auto answer = read_sbatch(run);
        const bool accepted = answer.outcome == SubmissionOutcome::accepted;
        EXPECT_EQ(accepted, answer.job.value != 0) << text;
        EXPECT_TRUE(!accepted || run.exit_code == 0) << text;
        EXPECT_LE(read_test_only(run).message.size(), 1000U);
    }
}

}  // namespace
}  // namespace xorch
