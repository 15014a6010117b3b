#include "slurm/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ProgramRun printed(std::string text) {
    return {.exit_code = 0, .output = std::move(text)};
}

TEST(Queue, AsksOnceForAllJobsOfOneUser) {
    const auto argv = squeue_argv({
        .names = {"xorch-1f", "xorch-2a"},
          .user = "1000"
    });
    ASSERT_TRUE(argv);
    EXPECT_THAT(
        *argv,
        ElementsAre(
            "squeue",
            "--noheader",
            "--states=all",
            "--format=%i|%T|%S|%e|%L|%N|%B|%j|%r",
            "--name=xorch-1f,xorch-2a",
            "--user=1000"
        )
    );
    const auto by_id = squeue_argv({
        .jobs = {{12}, {13}}
    });
    ASSERT_TRUE(by_id);
    EXPECT_EQ(by_id->back(), "--jobs=12,13");
}

TEST(Queue, AsksForAllOfAUser) {
    const auto argv = squeue_argv({.user = "1000"});
    ASSERT_TRUE(argv);
    EXPECT_EQ(argv->back(), "--user=1000");
}

TEST(Queue, RefusesAQuestionThatAsksForEverythingOrCouldBeReadOtherwise) {
    EXPECT_FALSE(squeue_argv({}));
    for (const char* name : {"", "a,b", "a b", "$(x)", "a\n"}) {
        EXPECT_FALSE(squeue_argv({.names = {name}})) << name;
    }
    EXPECT_FALSE(squeue_argv({.names = {"a"}, .user = "me,you"}));
    EXPECT_FALSE(squeue_argv({.names = std::vector<std::string>(1001, "a")}));
}

TEST(Queue, ReadsRunningAndWaitingJobs) {
    const auto jobs =
        parse_squeue(printed("21|RUNNING|1795744923|1795748523|59:30|n[1-3]|n1|xorch-1f|None\n"
                             "22|PENDING|N/A|N/A|1:00:00||n/a|xorch-2a|Dependency\n"));
    ASSERT_TRUE(jobs) << jobs.error().message;
    const QueuedJob running{
        .job = {21                 },
        .state = {SlurmPhase::running, std::nullopt},
        .state_word = "RUNNING",
        .start = seconds(1'795'744'923),
        .end = seconds(1'795'748'523),
        .time_left = TimeLimit{.length = seconds(59 * 60 + 30)                  },
        .nodes = "n[1-3]",
        .batch_host = "n1",
        .name = "xorch-1f",
        .reason = "None",
    };
    const QueuedJob waiting{
        .job = {22                 },
        .state = {SlurmPhase::waiting, std::nullopt},
        .state_word = "PENDING",
        .time_left = TimeLimit{.length = seconds(3600)                  },
        .name = "xorch-2a",
        .reason = "Dependency",
    };
    EXPECT_THAT(*jobs, ElementsAre(running, waiting));
}

TEST(Queue, TheReasonMayHoldASeparator) {
    const auto jobs =
        parse_squeue(printed("5|PENDING|N/A|N/A|INVALID|||xorch-1|Nodes|DOWN, or (worse)\n"));
    ASSERT_TRUE(jobs);
    EXPECT_EQ(jobs->front().reason, "Nodes|DOWN, or (worse)");
    EXPECT_FALSE(jobs->front().time_left) << "INVALID is unknown";
}

TEST(Queue, ANewStateIsUnknownAndKeepsItsWord) {
    const auto jobs = parse_squeue(printed("5|HIBERNATING|N/A|N/A|1:00|||xorch-1|None\n"));
    ASSERT_TRUE(jobs);
    EXPECT_EQ(jobs->front().state.phase, SlurmPhase::unknown);
    EXPECT_EQ(jobs->front().state_word, "HIBERNATING");
}

TEST(Queue, AJobThatSqueueForgotIsNotInTheAnswer) {
    const auto nothing = parse_squeue(printed(""));
    ASSERT_TRUE(nothing);
    EXPECT_THAT(*nothing, IsEmpty());
    const auto forgotten = parse_squeue(
        {.exit_code = 1, .error_output = "slurm_load_jobs error: Invalid job id specified\n"}
    );
    ASSERT_TRUE(forgotten);
    EXPECT_THAT(*forgotten, IsEmpty());
}

TEST(Queue, SomeReasonsToWaitDoNotEndByThemselves) {
    EXPECT_TRUE(needs_a_person("PartitionTimeLimit"));
    EXPECT_TRUE(needs_a_person("DependencyNeverSatisfied"));
    for (const char* reason :
         {"None",
          "Priority",
          "Resources",
          "Dependency",
          "QOSMaxJobsPerUserLimit",
          "BeginTime",
          ""}) {
        EXPECT_FALSE(needs_a_person(reason)) << reason;
    }
}

TEST(Queue, AFailureSaysNothingAboutAnyJob) {
    const auto failed = parse_squeue(
        {.exit_code = 1,
         .error_output = "slurm_load_jobs error: Unable to contact slurm controller (connect "
                         "failure)\n"}
    );
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
    EXPECT_THAT(failed.error().message, HasSubstr("Unable to contact"));
    EXPECT_FALSE(parse_squeue({.signal = 9}));
}

TEST(Queue, GarbageIsAnErrorOrRowsWithAJob) {
    const RandomText garbage(
        {"5|",
         "RUNNING|",
         "N/A|",
         "1:00|",
         "|",
         "\n",
         "n[1-2]|",
         "7|TIMEOUT|"
         "1|2|3|a|b|c|d\n"}
    );
    std::size_t rows = 0;
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const auto jobs = parse_squeue(printed(garbage.make(seed)));
        if (!jobs) continue;
        for (const QueuedJob& job : *jobs)
            EXPECT_NE(job.job.value, 0U);
        rows += jobs->size();
    }
    EXPECT_GT(rows, 0U) << "the garbage never looked like a row";
}

}  // namespace
}  // namespace xorch
