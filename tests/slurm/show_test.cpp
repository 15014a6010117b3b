#include "slurm/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view job_text =
    "JobId=21 JobName=xorch-1f EndTime=5\n"
    "   UserId=root(0) GroupId=root(0) MCS_label=N/A\n"
    "   JobState=RUNNING Reason=None Dependency=(null)\n"
    "   Requeue=0 Restarts=2 BatchFlag=1 Reboot=0 ExitCode=0:0\n"
    "   RunTime=00:00:12 TimeLimit=00:01:00 TimeMin=N/A\n"
    "   StartTime=1795744923 EndTime=1795744983 Deadline=N/A\n"
    "   NodeList=n[1-2]\n"
    "   BatchHost=n1\n"
    "   Comment=hello BatchHost=evil Restarts=9\n"
    "\n";

TEST(Show, ReadsAJob) {
    const auto job = parse_shown_job(job_text);
    ASSERT_TRUE(job) << job.error().message;
    const ShownJob expected{
        .job = {21                 },
        .state = {SlurmPhase::running, std::nullopt},
        .requeues = false,
        .restarts = 2,
        .time_limit = TimeLimit{.length = seconds(60)                  },
        .start = seconds(1'795'744'923),
        .end = seconds(1'795'744'983),
        .nodes = "n[1-2]",
        .batch_host = "n1",
    };
    EXPECT_EQ(*job, expected);
}

TEST(Show, WhatAPersonWroteIsNoKey) {
    const auto records = parse_shown("JobId=1 JobName=a EndTime=5\n  Comment=x BatchHost=evil\n");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value("JobName"), "a EndTime=5");
    EXPECT_EQ(records[0].value("EndTime"), "");
    EXPECT_EQ(records[0].value("BatchHost"), "");
}

TEST(Show, UnknownTimesOfAWaitingJobStayUnknown) {
    const auto job = parse_shown_job(
        "JobId=22 JobName=x\n   JobState=PENDING\n   TimeLimit=UNLIMITED\n   StartTime=Unknown "
        "EndTime=Unknown\n   NodeList=(null)\n"
    );
    ASSERT_TRUE(job);
    EXPECT_FALSE(job->start);
    EXPECT_FALSE(job->end);
    EXPECT_FALSE(job->requeues);
    EXPECT_EQ(job->time_limit, TimeLimit{.unlimited = true});
    EXPECT_EQ(job->nodes, "");
}

TEST(Show, ReadsANode) {
    const auto node = parse_shown_node(
        "NodeName=n1 Arch=x86_64 CoresPerSocket=1 \n   CPUAlloc=0 CPUEfctv=12 CPUTot=12\n"
        "   Gres=gpu:a100:2(S:0)\n   OS=Linux 5 CPUTot=99\n   RealMemory=1024 AllocMem=0\n"
        "   State=DOWN*+DRAIN ThreadsPerCore=1\n   Reason=Not responding [slurm@1795744923]\n\n"
    );
    ASSERT_TRUE(node) << node.error().message;
    const ShownNode expected{
        .name = "n1",
        .state_word = "DOWN*+DRAIN",
        .reason = "Not responding [slurm@1795744923]",
        .cpus = 12,
        .gpus = 2,
        .memory = Bytes{1ULL << 30U},
    };
    EXPECT_EQ(*node, expected);
}

TEST(Show, SomethingElseIsAnError) {
    const auto job = parse_shown_job("slurm_load_jobs error: Invalid job id specified\n");
    ASSERT_FALSE(job);
    EXPECT_THAT(job.error().message, HasSubstr("Invalid job id"));
    EXPECT_FALSE(parse_shown_job(""));
    EXPECT_FALSE(parse_shown_node("Node n9 not found\n"));
}

TEST(Show, TheNameOfANodeIsChecked) {
    EXPECT_THAT(*show_node_argv("n1"), ElementsAre("scontrol", "show", "node", "n1"));
    EXPECT_FALSE(show_node_argv("--all"));
    EXPECT_FALSE(show_node_argv("n1 n2"));
    EXPECT_THAT(show_job_argv({7}), ElementsAre("scontrol", "show", "job", "7"));
}

TEST(Accounting, ReadsJobsAndLeavesStepsOut) {
    EXPECT_EQ(sacct_argv({{21}, {22}}).back(), "--jobs=21,22");
    const auto jobs = parse_sacct(
        "21|TIMEOUT|0:0|1795744923|1795744983|n[1-2]\n"
        "21.batch|CANCELLED|0:15|1795744923|1795744983|n1\n"
        "22|CANCELLED by 0|1:9|1795744923|Unknown|None assigned\n"
    );
    ASSERT_TRUE(jobs) << jobs.error().message;
    const AccountedJob first{
        .job = {21                   },
        .state = { SlurmPhase::ended, SlurmEnd::time_limit},
        .start = seconds(1'795'744'923),
        .end = seconds(1'795'744'983),
        .nodes = "n[1-2]",
    };
    const AccountedJob second{
        .job = {22                  },
        .state = { SlurmPhase::ended, SlurmEnd::cancelled},
        .exit_code = 1,
        .signal = 9,
        .start = seconds(1'795'744'923),
        .nodes = "None assigned",
    };
    EXPECT_THAT(*jobs, ElementsAre(first, second));
    EXPECT_THAT(*parse_sacct(""), IsEmpty());
    EXPECT_FALSE(parse_sacct("Slurm accounting storage is disabled\n"));
}

TEST(Show, GarbageIsAnErrorOrAJob) {
    const RandomText garbage(
        {"JobId=", "5", " ", "\n", "EndTime=", "=", "Requeue=1", "7|", "|", "."}
    );
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const auto job = parse_shown_job(text);
        EXPECT_TRUE(!job || job->job.value > 0) << text;
        const auto jobs = parse_sacct(text);
        EXPECT_TRUE(jobs || jobs.error().code == ErrorCode::unavailable) << text;
        const auto node = parse_shown_node(text);
        EXPECT_TRUE(!node || !node->name.empty()) << text;
    }
}

}  // namespace
}  // namespace xorch
