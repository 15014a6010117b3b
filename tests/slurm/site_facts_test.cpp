#include "slurm/site_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slurm/random_text.h"

namespace xorch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(SiteConfig, ReadsWhatMattersToASweep) {
    const auto config = parse_config(
        "Configuration data as of 1795744923\n"
        "ClusterName             = mini\n"
        "JobRequeue              = 1\n"
        "KillWait                = 30 sec\n"
        "MinJobAge               = 300 sec\n"
        "MpiDefault              = pmix\n"
        "OverTimeLimit           = 2 min\n"
        "PreemptParameters       = (null)\n"
        "PreemptType             = preempt/partition_prio\n"
        "ProctrackType           = proctrack/linuxproc\n"
        "SlurmctldParameters     = enable_configless,preempt_send_user_signal\n"
        "SlurmdTimeout           = 20 sec\n"
        "SLURM_VERSION           = 22.05.8\n"
        "\n"
        "Slurmctld(primary) at h is UP\n"
    );
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->cluster, "mini");
    EXPECT_EQ(config->version, "22.05.8");
    EXPECT_EQ(config->process_tracking, "proctrack/linuxproc");
    EXPECT_EQ(config->mpi_default, "pmix");
    EXPECT_EQ(config->preempt_type, "preempt/partition_prio");
    EXPECT_EQ(config->requeues, true);
    EXPECT_EQ(config->signals_before_preemption, true);
    EXPECT_EQ(config->kill_wait, seconds(30));
    EXPECT_EQ(config->over_time, minutes(2));
    EXPECT_EQ(config->forgets_after, seconds(300));
    EXPECT_EQ(config->silent_node_after, seconds(20));
}

TEST(SiteConfig, WhatItDoesNotSayIsUnknown) {
    const auto config = parse_config("KillWait = soon\nOverTimeLimit = UNLIMITED\n");
    ASSERT_TRUE(config);
    EXPECT_FALSE(config->kill_wait);
    EXPECT_FALSE(config->over_time);
    EXPECT_FALSE(config->requeues);
    EXPECT_FALSE(config->signals_before_preemption);
    EXPECT_EQ(config->version, "");
    EXPECT_FALSE(parse_config("slurm_load_ctl_conf error: Unable to contact slurm controller\n"));
}

TEST(SiteController, ReadsEachLineOfPing) {
    const auto up = parse_ping(
        "Slurmctld(primary) at head is UP\nSlurmctld(backup) at spare.site is DOWN\n"
        "*****************************************\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n"
    );
    ASSERT_TRUE(up);
    const SiteController primary{"primary", "head", true};
    const SiteController backup{"backup", "spare.site", false};
    EXPECT_THAT(*up, ElementsAre(primary, backup));
    EXPECT_FALSE(parse_ping("command not understood\n"));
}

TEST(PartitionFacts, GroupsOfNodesMakeOnePartition) {
    const auto partitions = parse_sinfo(
        "main*|up|infinite|1:00:00|1-infinite|2|12|1000|idle|(null)\n"
        "main*|up|infinite|1:00:00|1-infinite|1|24+|4000+|down*|gpu:a100:4(S:0-1)\n"
        "short|inact|1:00|n/a|1-2|3|12|1000|mixed|gpu:2\n"
    );
    ASSERT_TRUE(partitions) << partitions.error().message;
    const PartitionFacts main{
        .name = "main",
        .is_default = true,
        .is_up = true,
        .time_max = TimeLimit{.unlimited = true},
        .time_default = TimeLimit{.length = std::chrono::hours(1)},
        .nodes = 3,
        .nodes_working = 2,
        .cpus_per_node = 24,
        .gpus_per_node = 4,
        .memory_per_node = Bytes{4000ULL << 20U},
    };
    const PartitionFacts brief{
        .name = "short",
        .time_max = TimeLimit{.length = minutes(1)},
        .nodes_per_job = 2,
        .nodes = 3,
        .nodes_working = 3,
        .cpus_per_node = 12,
        .gpus_per_node = 2,
        .memory_per_node = Bytes{1000ULL << 20U},
    };
    EXPECT_THAT(*partitions, ElementsAre(main, brief));
}

TEST(PartitionFacts, WhatIsNoTableIsAnError) {
    EXPECT_FALSE(parse_sinfo(""));
    const auto failed = parse_sinfo("main|up\n");
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message, HasSubstr("main|up"));
}

TEST(PartitionFacts, GraceTimesComeFromScontrol) {
    EXPECT_THAT(
        parse_grace_times("PartitionName=main\n   AllowGroups=ALL\n   GraceTime=0 Hidden=NO\n\n"
                          "PartitionName=low\n   DisableRootJobs=NO GraceTime=30 Hidden=NO\n"),
        ElementsAre(Pair("low", seconds(30)), Pair("main", Millis{0}))
    );
}

TEST(Gpus, AreCountedWithAndWithoutTypes) {
    EXPECT_EQ(count_gpus("gpu:2"), 2U);
    EXPECT_EQ(count_gpus("gpu"), 1U);
    EXPECT_EQ(count_gpus("gpu:a100"), 1U);
    EXPECT_EQ(count_gpus("gpu:a100:4(S:0-1),shard:8,gpu:v100:2(IDX:0,1)"), 6U);
    EXPECT_EQ(count_gpus("(null)"), 0U);
    EXPECT_EQ(count_gpus(""), 0U);
    EXPECT_EQ(count_gpus("craynetwork:4"), 0U);
}

TEST(SiteFacts, GarbageIsAnErrorOrFacts) {
    const RandomText garbage(
        {"main*|",
         "up|",
         "infinite|",
         "1-2|",
         "12+|",
         "idle|",
         "gpu:2(",
         ")",
         "\n",
         " = ",
         "KillWait",
         "30 sec",
         "Slurmctld(",
         ") at ",
         " is ",
         "UP"}
    );
    for (unsigned seed = 0; seed < 5'000; ++seed) {
        const std::string text = garbage.make(seed);
        const auto partitions = parse_sinfo(text);
        EXPECT_TRUE(!partitions || !partitions->empty()) << text;
        const auto controllers = parse_ping(text);
        EXPECT_TRUE(!controllers || !controllers->empty()) << text;
        const auto config = parse_config(text);
        EXPECT_TRUE(!config || !config->kill_wait || config->kill_wait->count() >= 0) << text;
        EXPECT_LE(parse_grace_times(text).size(), 1U);
    }
}

}  // namespace
}  // namespace xorch
