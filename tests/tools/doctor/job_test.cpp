#include "tools/cli/doctor/probe/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <thread>

#include "core/io/pipe.h"
#include "core/io/posix_disk.h"
#include "tests/slurm/fake_slurm.h"
#include "tests/support/temporary_directory.h"
#include "tools/cli/doctor/probe/exchange.h"
#include "tools/cli/doctor/probe/node.h"

namespace xorch {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A login node and a compute node that share a folder, and the loopback for a network.
struct Site {
    FakeSlurm fake;
    TemporaryDirectory folder;
    PosixDisk disk;
    std::vector<std::string> said;

    Site() { fake.answer("sbatch", {.output = "123\n"}); }

    JobProbe settings() {
        return {
            .folder = folder.path(),
            .program = "/bin/true",
            .asked = {},
            .interface = "lo",
            .ask_first = Millis{0},
            .files_within = Millis{0},
            .say = [this](std::string_view line) { said.emplace_back(line); }};
    }

    JobFacts ask(const JobProbe& probe) {
        return ask_a_node(SlurmSite(fake.environment()), disk, probe);
    }

    std::string name_in_request() {
        const auto text = disk.read(folder / exchange::request_file);
        return text ? exchange::parse_request(*text)->job_name : "";
    }

    void queue_says(const std::string& state, const std::string& reason) {
        fake.answer(
            "squeue", {.output = "123|" + state + "|0|2000000000|1:00|n1|n1|x|" + reason + "\n"}
        );
    }

    NodeProbe node_settings() const {
        NodeProbe probe{
            .folder = folder.path(), .program = "/x/xorch", .environment = fake.environment()};
        probe.environment.emplace_back("SLURM_JOB_NODELIST=n1");
        probe.environment.emplace_back("SLURM_JOB_CPUS_PER_NODE=3");
        probe.environment.emplace_back("SLURM_JOB_END_TIME=2000000000");
        return probe;
    }
};

TEST(JobProbe, WhatTheNodeSaysComesBack) {
    Site site;
    site.queue_says("RUNNING", "None");
    const MachineFacts machine{.host = "n1", .kernel = "6.1", .cpus = 3};
    site.fake.answer("srun", {.output = exchange::format_machine(machine)});
    auto node = std::async(std::launch::async, [&] {
        while (!*site.disk.exists(site.folder / exchange::request_file))
            std::this_thread::yield();
        return probe_node(site.node_settings());
    });
    const JobFacts facts = site.ask(site.settings());
    const auto probed = node.get();
    ASSERT_TRUE(probed) << probed.error().message;
    EXPECT_EQ(facts.problem + facts.not_probed, "");
    EXPECT_EQ(facts.job, "123");
    EXPECT_TRUE(facts.route.works()) << facts.route.problem;
    EXPECT_TRUE(facts.files_took);
    ASSERT_TRUE(facts.node);
    EXPECT_EQ(facts.node->machine, machine);
    EXPECT_TRUE(facts.node->step.works()) << facts.node->step.problem;
    EXPECT_TRUE(facts.node->sbatch.works()) << facts.node->sbatch.problem;
    EXPECT_TRUE(facts.node->squeue.works()) << facts.node->squeue.problem;
    EXPECT_TRUE(facts.node->route_back.works()) << facts.node->route_back.problem;
    EXPECT_TRUE(facts.node->end_in_queue && facts.node->end_in_environment);
    EXPECT_THAT(facts.node->home.problems, testing::IsEmpty());
    EXPECT_THAT(site.fake.argv("scancel"), ElementsAre("123"));
    EXPECT_THAT(
        site.fake.argv("srun"),
        AllOf(Contains("--nodelist=n1"), Contains("--cpus-per-task=3"), Contains("--step"))
    );
}

TEST(JobProbe, WhatDoesNotWorkOnTheNodeIsSaid) {
    Site site;
    site.fake.answer("squeue", {.error_output = "squeue: error: no way\n", .exit_code = 1});
    site.fake.answer("srun", {.error_output = "srun: error: no step\n", .exit_code = 1});
    std::promise<void> queued;
    auto node = std::async(std::launch::async, [&] {
        queued.get_future().wait();
        site.fake.answer(
            "sbatch",
            {.error_output = "sbatch: error: Access denied\nallocation failure: Access denied\n",
             .exit_code = 1}
        );
        return probe_node(site.node_settings());
    });
    JobProbe settings = site.settings();
    settings.say = [&](std::string_view line) {
        if (line.find("is queued") != std::string_view::npos) queued.set_value();
    };
    // It would tell the doctor that the job is unknown.
    settings.ask_first = std::chrono::hours{1};
    const JobFacts facts = site.ask(settings);
    ASSERT_TRUE(node.get());
    ASSERT_TRUE(facts.node) << facts.problem << facts.not_probed;
    EXPECT_THAT(facts.node->sbatch.problem, HasSubstr("Access denied"));
    EXPECT_THAT(facts.node->squeue.problem, HasSubstr("no way"));
    EXPECT_THAT(facts.node->step.problem, HasSubstr("no step"));
    // Then it is what the batch script sees.
    EXPECT_FALSE(facts.node->machine.kernel.empty());
}

TEST(JobProbe, AJobThatSlurmRefusesIsNotProbed) {
    Site site;
    site.fake.answer(
        "sbatch", {.error_output = "sbatch: error: Invalid account\n", .exit_code = 1}
    );
    const JobFacts facts = site.ask(site.settings());
    EXPECT_EQ(facts.problem, "");
    EXPECT_THAT(facts.not_probed, HasSubstr("Invalid account"));
    EXPECT_EQ(site.fake.calls("scancel"), 0U);
}

TEST(JobProbe, AJobThatMayExistIsCancelledByItsName) {
    Site site;
    site.fake.answer(
        "sbatch", {.error_output = "Unable to contact slurm controller\n", .exit_code = 1}
    );
    EXPECT_NE(site.ask(site.settings()).not_probed, "");
    EXPECT_THAT(site.fake.argv("scancel"), ElementsAre("--name=" + site.name_in_request()));
    EXPECT_THAT(site.name_in_request(), StartsWith("xorch-doctor-"));
}

TEST(JobProbe, AJobThatWaitsTooLongIsCancelled) {
    Site site;
    site.queue_says("PENDING", "Resources");
    JobProbe settings = site.settings();
    settings.wait = Millis{0};
    const JobFacts facts = site.ask(settings);
    EXPECT_THAT(facts.not_probed, HasSubstr("job 123 waits: Resources"));
    EXPECT_EQ(facts.problem, "");
    EXPECT_THAT(site.said, Contains("job 123 waits: Resources"));
    EXPECT_THAT(site.fake.argv("scancel"), ElementsAre("123"));
}

TEST(JobProbe, AJobThatCannotBeCancelledIsNamed) {
    Site site;
    site.queue_says("PENDING", "Resources");
    site.fake.answer("scancel", {.error_output = "no controller\n", .exit_code = 1});
    JobProbe settings = site.settings();
    settings.wait = Millis{0};
    site.ask(settings);
    EXPECT_THAT(site.said.back(), HasSubstr("`scancel 123` ends it"));
}

TEST(JobProbe, AJobThatEndsWithoutAWordIsAProblemWithWhatItPrinted) {
    Site site;
    site.queue_says("FAILED", "NonZeroExitCode");
    std::ofstream(site.folder / "job.txt") << "./xorch: not found\n";
    const JobFacts facts = site.ask(site.settings());
    EXPECT_THAT(facts.problem, AllOf(HasSubstr("(FAILED)"), HasSubstr("./xorch: not found")));
}

TEST(JobProbe, AJobThatTheQueueForgetsHasEnded) {
    Site site;
    site.fake.answer("squeue", {});
    EXPECT_THAT(site.ask(site.settings()).problem, HasSubstr("does not know it any more"));
    EXPECT_EQ(site.fake.calls("squeue"), 3U);
}

TEST(JobProbe, APersonCanInterruptIt) {
    Site site;
    site.queue_says("PENDING", "Resources");
    const auto stop = make_event();
    ASSERT_TRUE(stop);
    signal_event(*stop);
    JobProbe settings = site.settings();
    settings.stop = stop->number();
    EXPECT_EQ(site.ask(settings).not_probed, "interrupted");
    EXPECT_THAT(site.fake.argv("scancel"), ElementsAre("123"));
}

TEST(JobProbe, AnAnswerThatIsNoneIsAProblem) {
    Site site;
    site.queue_says("RUNNING", "None");
    std::ofstream(site.folder / exchange::findings_file) << "{\"machine\": 7}";
    EXPECT_THAT(site.ask(site.settings()).problem, HasSubstr("not what xorch writes"));
}

TEST(JobProbe, TheScriptIsConstantAndValuesAreInAFileForTheUserAlone) {
    Site site;
    site.queue_says("FAILED", "NonZeroExitCode");
    JobProbe settings = site.settings();
    settings.asked.comment = "$(touch x)";
    site.ask(settings);
    EXPECT_EQ(site.fake.input("sbatch"), "#!/bin/sh\nexec ./xorch probe\n");
    EXPECT_THAT(site.fake.argv("sbatch"), Contains("--comment=$(touch x)"));
}

TEST(SmallJob, AsksForThePlaceAndTheKindOfTheSweepsJobsButForLittle) {
    SlurmOptions asked{
        .partition = "gpu",
        .constraint = "a100",
        .nodes = 4,
        .cpus_per_node = 64,
        .gpus_per_node = 8,
        .memory_per_node = Bytes{64ULL << 30U},
        .time = std::chrono::hours{24}};
    asked.options["exclusive"] = "";
    asked.options["begin"] = "now";
    asked.options["nodelist"] = "n[1-4]";
    asked.options["reservation"] = "mine";
    const SlurmOptions small = small_job(asked, Millis{0});
    EXPECT_EQ(small.partition, "gpu");
    EXPECT_EQ(small.constraint, "a100");
    EXPECT_EQ(small.nodes, 1U);
    EXPECT_EQ(small.cpus_per_node, 1U);
    EXPECT_EQ(small.gpus_per_node, 1U);
    EXPECT_EQ(small.memory_per_node, Bytes{1ULL << 30U});
    EXPECT_EQ(small.time, std::chrono::minutes{5});
    EXPECT_THAT(small.options, ElementsAre(testing::Pair("reservation", "mine")));
}

TEST(SmallJob, IsNoLongerThanThePartitionAllows) {
    EXPECT_EQ(small_job({}, std::chrono::minutes{1}).time, std::chrono::minutes{1});
    EXPECT_EQ(small_job({.time = Millis{1}}, Millis{0}).time, std::chrono::minutes{1});
}

}  // namespace
}  // namespace xorch
