#include "tools/cli/doctor/judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tools/cli/doctor/judge/site_report.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::uint64_t gibibyte = 1ULL << 30U;

MachineFacts sample_machine(const std::string& host) {
    return {
        .host = host,
        .kernel = "6.1.0-13-amd64",
        .cpus = 8,
        .cpus_online = 8,
        .memory = Bytes{16 * gibibyte},
        .memory_installed = Bytes{16 * gibibyte},
        .bash = "GNU bash, version 5.2.15(1)-release",
        .python3 = "Python 3.11.2"};
}

FolderFacts sample_folder() {
    return {
        .path = "/lustre/me/xorch-runs",
        .type = "nfs",
        .sync = Millis{4},
        .free = Bytes{900 * gibibyte},
        .files_free = 1'000'000,
        .counts_files = true};
}

DoctorFacts laptop() {
    DoctorFacts facts{.here = sample_machine("laptop"), .home = sample_folder()};
    facts.encryption = "ZeroMQ 4.3.4";
    facts.home.path = "/scratch/me/xorch-runs";
    facts.home.type = "ext4";
    return facts;
}

SlurmFacts sample_slurm() {
    SlurmFacts slurm;
    for (const char* name : {"sbatch", "squeue", "scancel", "srun", "scontrol", "sinfo"})
        slurm.commands.push_back({.name = name, .path = std::string("/usr/bin/") + name});
    slurm.version = "Slurm 23.11.4";
    slurm.controllers = std::vector<SiteController>{
        {.role = "primary", .host = "ctl", .is_up = true}
    };
    slurm.config = SiteConfig{
        .version = "23.11.4",
        .cluster = "good",
        .process_tracking = "proctrack/cgroup",
        .mpi_default = "pmix",
        .preempt_type = "preempt/none",
        .requeues = true,
        .signals_before_preemption = true,
        .kill_wait = Millis{30'000},
        .over_time = Millis{0},
        .forgets_after = Millis{300'000},
        .silent_node_after = Millis{300'000}};
    slurm.partitions = std::vector<PartitionFacts>{
        {.name = "gpu",
         .is_default = true,
         .is_up = true,
         .time_max = TimeLimit{.unlimited = false, .length = std::chrono::hours{24}},
         .nodes = 12,
         .nodes_working = 11,
         .cpus_per_node = 64,
         .gpus_per_node = 4,
         .memory_per_node = Bytes{256 * gibibyte}}
    };
    slurm.mpi = std::string("none, pmi2, pmix");
    slurm.accounting = {.tried = true};
    slurm.submission = SubmissionAnswer{
        .outcome = SubmissionOutcome::accepted,
        .expected = ExpectedStart{.start = Millis{1}, .nodes = "g07", .partition = "gpu"}
    };
    return slurm;
}

NodeFacts sample_node() {
    NodeFacts node{
        .machine = sample_machine("g07"),
        .step = {.tried = true},
        .sbatch = {.tried = true},
        .squeue = {.tried = true},
        .end_in_queue = true,
        .end_in_environment = true,
        .route_back = {.tried = true},
        .home = sample_folder()};
    node.machine.cpus = 1;
    node.machine.cpus_online = 64;
    node.machine.memory = Bytes{4 * gibibyte};
    node.machine.memory_installed = Bytes{256 * gibibyte};
    node.machine.gpus = 1;
    node.machine.visible_gpus = "0";
    node.machine.gpu_models = {"NVIDIA A100-SXM4-40GB"};
    return node;
}

DoctorFacts good_site() {
    DoctorFacts facts = laptop();
    facts.here.host = "login1";
    facts.runner = RunnerFacts{
        .mpi = "Open MPI v4.1.4", .nccl = "2.27.3", .no_gpus = "no CUDA-capable device"};
    facts.home = sample_folder();
    facts.asked.time = std::chrono::hours{4};
    facts.asked.gpus_per_node = 1;
    facts.slurm = sample_slurm();
    facts.job = {
        .job = "4711",
        .waited = Millis{12'300},
        .route = {.tried = true},
        .files_took = Millis{410},
        .clock_ahead = Millis{30},
        .node = sample_node()};
    return facts;
}

DoctorFacts bad_site() {
    DoctorFacts facts = good_site();
    facts.here.missing_calls = {"close_range", "openat2"};
    facts.here.python3 = "";
    facts.home.free = Bytes{gibibyte / 2};
    facts.asked.mpi = "pmix";
    SlurmFacts& slurm = *facts.slurm;
    slurm.commands.back().path = "";
    slurm.controllers->push_back({.role = "backup", .host = "spare", .is_up = false});
    slurm.mpi = std::string("none, pmi2");
    slurm.accounting.problem = "Slurm accounting storage is disabled";
    slurm.submission = SubmissionAnswer{
        .outcome = SubmissionOutcome::waiting, .message = "Job violates accounting/QOS policy"};
    SiteConfig& config = **slurm.config;
    config.process_tracking = "proctrack/linuxproc";
    config.preempt_type = "preempt/partition_prio";
    config.signals_before_preemption = false;
    config.kill_wait = Millis{5'000};
    config.forgets_after = Millis{10'000};
    slurm.grace_times = {
        {"gpu",   Millis{0}     },
        {"other", Millis{60'000}}
    };
    NodeFacts& node = *facts.job.node;
    node.machine.gpu_models = {};
    node.sbatch.problem = "Access denied";
    node.squeue.problem = "there is no squeue";
    node.step.problem = "srun: error: Unable to create step";
    node.route_back.problem = "10.0.0.1:40001: Connection refused";
    node.home.problems = {"link(2) does not tell who was first"};
    facts.job.route.problem = "10.0.0.7:40002: no answer in time";
    facts.job.files_took = Millis{31'000};
    facts.job.clock_ahead = Millis{-90'000};
    return facts;
}

// Run with XORCH_REWRITE_GOLDEN=1 after a change of the report.
void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(XORCH_GOLDEN) + "/" + name;
    if (std::getenv("XORCH_REWRITE_GOLDEN") != nullptr) std::ofstream(path) << text;
    std::ifstream file(path);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, golden) << path << " is old; write it anew: XORCH_REWRITE_GOLDEN=1 doctor_test";
}

std::string report_of(const DoctorFacts& facts) {
    return format_site_report(judge_site(facts), {.width = 100, .colour = false});
}

SiteFinding find_finding(
    const DoctorFacts& facts, const std::string& where, const std::string& name
) {
    for (SiteFinding& finding : judge_site(facts)) {
        if (finding.where == where && finding.name == name) return std::move(finding);
    }
    ADD_FAILURE() << "no finding " << where << " " << name;
    return {};
}

FindingState state_of(const DoctorFacts& facts, const std::string& where, const std::string& name) {
    return find_finding(facts, where, name).state;
}

TEST(SiteReport, OfALaptopSpeaksOfOneMachine) {
    expect_golden("laptop.txt", report_of(laptop()));
}

TEST(SiteReport, OfAGoodSiteFindsNothingThatPreventsASweep) {
    EXPECT_THAT(problems_of(judge_site(good_site())), IsEmpty());
    expect_golden("good_site.txt", report_of(good_site()));
}

TEST(SiteReport, OfABadSiteSaysWhatPreventsASweep) {
    EXPECT_THAT(
        problems_of(judge_site(bad_site())), ElementsAre("slurm mpi", "node steps", "node home")
    );
    expect_golden("bad_site.txt", report_of(bad_site()));
}

TEST(SiteReport, BreaksNoLineForAPipe) {
    const std::string text = format_site_report(judge_site(bad_site()), {});
    const auto lines = std::count(text.begin(), text.end(), '\n');
    const std::size_t findings = judge_site(bad_site()).size();
    // Two lines each, three titles, two empty lines between places, one before the last line.
    EXPECT_EQ(static_cast<std::size_t>(lines), 2 * findings + 3 + 2 + 2);
}

TEST(SiteReport, HasColourOnlyWhereItIsAskedFor) {
    const auto findings = judge_site(laptop());
    EXPECT_THAT(
        format_site_report(findings, {.colour = true}), HasSubstr("\x1b[32mok     \x1b[0m")
    );
    EXPECT_THAT(format_site_report(findings, {}), Not(HasSubstr("\x1b")));
}

TEST(SiteReport, ShowsWhatOthersWroteAsText) {
    const std::vector<SiteFinding> findings{
        {.where = "slurm", .name = "mpi", .seen = "\x1b[2J\nhello", .action = ""}
    };
    EXPECT_THAT(format_site_report(findings, {}), HasSubstr("\\x1b[2J\\nhello\n"));
}

TEST(SiteReport, OfOneWordLongerThanTheTerminalIsNotCut) {
    const std::string word(200, 'x');
    const std::vector<SiteFinding> findings{
        {.where = "here", .name = "home", .seen = "at " + word + " end", .action = ""}
    };
    EXPECT_THAT(format_site_report(findings, {.width = 40}), HasSubstr(" " + word + "\n"));
}

TEST(SiteReport, AsJsonNamesTheProblems) {
    const std::string json = format_site_json(judge_site(bad_site()));
    EXPECT_THAT(json, HasSubstr("\"slurm mpi\""));
    EXPECT_THAT(json, HasSubstr("\"state\": \"problem\""));
}

TEST(SiteFinding, WithoutAKernelThatWatchesProcessesNothingRuns) {
    DoctorFacts facts = laptop();
    facts.here.missing_calls = {"openat2"};
    EXPECT_EQ(state_of(facts, "here", "kernel"), FindingState::note);
    facts.here.missing_calls = {"pidfd_open"};
    EXPECT_EQ(state_of(facts, "here", "kernel"), FindingState::problem);
}

TEST(SiteFinding, AFullDiskPreventsASweepAndALowOneDoesNot) {
    DoctorFacts facts = laptop();
    facts.home.free = Bytes{gibibyte / 4};
    EXPECT_EQ(state_of(facts, "here", "home"), FindingState::note);
    facts.home.free = Bytes{0};
    EXPECT_EQ(state_of(facts, "here", "home"), FindingState::problem);
    facts = laptop();
    facts.home.files_free = 0;
    EXPECT_EQ(state_of(facts, "here", "home"), FindingState::problem);
    facts.home.counts_files = false;
    EXPECT_EQ(state_of(facts, "here", "home"), FindingState::ok);
}

TEST(SiteFinding, NoSlurmIsAProblemOnlyForASweepThatAsksForIt) {
    DoctorFacts facts = laptop();
    EXPECT_EQ(state_of(facts, "slurm", "commands"), FindingState::note);
    facts.backend = BackendKind::slurm;
    EXPECT_EQ(state_of(facts, "slurm", "commands"), FindingState::problem);
}

TEST(SiteFinding, OfACommandThatASweepNeedsIsAProblem) {
    DoctorFacts facts = good_site();
    facts.slurm->commands[5].path = "";  // sinfo
    EXPECT_EQ(state_of(facts, "slurm", "commands"), FindingState::note);
    facts.slurm->commands[1].path = "";  // squeue
    EXPECT_EQ(state_of(facts, "slurm", "commands"), FindingState::problem);
    EXPECT_THAT(
        find_finding(facts, "slurm", "commands").seen, HasSubstr("not on PATH: squeue sinfo")
    );
}

TEST(SiteFinding, WithoutAControllerNothingElseOfSlurmIsKnown) {
    DoctorFacts facts = good_site();
    SlurmFacts& slurm = *facts.slurm;
    slurm.controllers = tl::unexpected(Error{ErrorCode::unavailable, "no answer"});
    slurm.config.reset();
    slurm.partitions.reset();
    slurm.submission.reset();
    slurm.accounting = {};
    facts.job_not_probed = "not probed: no controller answers";
    const auto findings = judge_site(facts);
    EXPECT_THAT(problems_of(findings), ElementsAre("slurm controller"));
    EXPECT_EQ(state_of(facts, "slurm", "requeue"), FindingState::unknown);
    EXPECT_EQ(state_of(facts, "slurm", "partition"), FindingState::unknown);
    EXPECT_EQ(find_finding(facts, "node", "route").seen, facts.job_not_probed);
}

TEST(SiteFinding, SlurmWithoutAClusterIsAProblemOnlyForASweepThatAsksForIt) {
    DoctorFacts facts = good_site();
    facts.slurm->controllers = tl::unexpected(Error{ErrorCode::invalid_input, "no cluster"});
    EXPECT_EQ(state_of(facts, "slurm", "controller"), FindingState::note);
    for (const SiteFinding& finding : judge_site(facts))
        EXPECT_NE(finding.where, "node") << "nothing is known of nodes: " << finding.name;
    facts.backend = BackendKind::slurm;
    EXPECT_EQ(state_of(facts, "slurm", "controller"), FindingState::problem);
}

TEST(SiteFinding, ASubmissionThatIsRefusedForGoodPreventsASweep) {
    DoctorFacts facts = good_site();
    facts.slurm->submission =
        SubmissionAnswer{.outcome = SubmissionOutcome::wrong, .message = "invalid account"};
    EXPECT_EQ(state_of(facts, "slurm", "submission"), FindingState::problem);
    facts.slurm->submission->outcome = SubmissionOutcome::unreachable;
    EXPECT_EQ(state_of(facts, "slurm", "submission"), FindingState::unknown);
}

TEST(SiteFinding, APartitionThatIsNotThereOrCannotGiveTheJobPreventsASweep) {
    DoctorFacts facts = good_site();
    facts.asked.gpus_per_node = 16;
    EXPECT_EQ(state_of(facts, "slurm", "partition"), FindingState::problem);
    facts = good_site();
    (*facts.slurm->partitions)->clear();
    EXPECT_EQ(state_of(facts, "slurm", "partition"), FindingState::note);
    facts.asked.partition = "gpux";
    EXPECT_EQ(state_of(facts, "slurm", "partition"), FindingState::problem);
    EXPECT_THAT(find_finding(facts, "slurm", "partition").seen, HasSubstr("no gpux"));
}

TEST(SiteFinding, APartitionWithoutANodeThatWorksMakesJobsWait) {
    DoctorFacts facts = good_site();
    (*facts.slurm->partitions)->front().nodes_working = 0;
    EXPECT_EQ(state_of(facts, "slurm", "partition"), FindingState::note);
}

TEST(SiteFinding, GraceIsThatOfThePartitionsAskedFor) {
    DoctorFacts facts = bad_site();
    const SiteFinding finding = find_finding(facts, "slurm", "preemption");
    EXPECT_EQ(finding.seen, "preempt/partition_prio, GraceTime: gpu 0 s");
    EXPECT_EQ(finding.state, FindingState::note);
    (*facts.slurm->partitions)->front().name = "other";
    EXPECT_EQ(state_of(facts, "slurm", "preemption"), FindingState::ok);
}

TEST(SiteFinding, WhatSlurmDoesNotSayIsUnknown) {
    DoctorFacts facts = good_site();
    facts.slurm->config = SiteConfig{};
    for (const char* name :
         {"requeue", "kill wait", "preemption", "early signal", "proctrack", "job memory"}) {
        EXPECT_EQ(state_of(facts, "slurm", name), FindingState::unknown) << name;
    }
}

TEST(SiteFinding, ACoordinatorOnThisHostNeedsTheWayBackAndNoSbatchThere) {
    DoctorFacts facts = bad_site();
    EXPECT_EQ(state_of(facts, "node", "sbatch"), FindingState::note);
    EXPECT_EQ(state_of(facts, "node", "route back"), FindingState::ok);
    facts.asked.place = SlurmPlace::host;
    EXPECT_EQ(state_of(facts, "node", "sbatch"), FindingState::ok);
    EXPECT_EQ(state_of(facts, "node", "route back"), FindingState::problem);
}

TEST(SiteFinding, AFileThatTheNodeNeverSawPreventsASweep) {
    DoctorFacts facts = good_site();
    facts.job.files_took.reset();
    EXPECT_EQ(state_of(facts, "node", "shared files"), FindingState::problem);
}

TEST(SiteFinding, ClocksApartByNoMoreThanTheDoubtAreTheSame) {
    DoctorFacts facts = good_site();
    facts.job.files_took = Millis{20'000};
    facts.job.clock_ahead = Millis{11'000};
    EXPECT_EQ(state_of(facts, "node", "clocks"), FindingState::ok);
    facts.job.clock_ahead = Millis{13'000};
    EXPECT_EQ(state_of(facts, "node", "clocks"), FindingState::note);
    EXPECT_THAT(find_finding(facts, "node", "clocks").seen, HasSubstr("ahead"));
}

TEST(SiteFinding, AJobThatEndsWithoutAWordIsAProblemAndOneThatWaitsIsNot) {
    DoctorFacts facts = good_site();
    facts.job.node.reset();
    facts.job.not_probed = "the job did not start in time: job 7 waits: Resources";
    EXPECT_EQ(state_of(facts, "node", "job"), FindingState::unknown);
    EXPECT_THAT(problems_of(judge_site(facts)), IsEmpty());
    facts.job.problem = "job 7 ended (FAILED), and its answer is not seen here";
    EXPECT_THAT(problems_of(judge_site(facts)), ElementsAre("node job"));
}

TEST(SiteFinding, TheEndTimeComesFromSqueueOrFromTheJob) {
    DoctorFacts facts = good_site();
    facts.job.node->end_in_environment = false;
    EXPECT_EQ(state_of(facts, "node", "end time"), FindingState::ok);
    facts.job.node->end_in_queue = false;
    EXPECT_THAT(find_finding(facts, "node", "end time").action, HasSubstr("slurm.time"));
    facts.job.node->end_in_environment = true;
    EXPECT_THAT(find_finding(facts, "node", "end time").seen, HasSubstr("SLURM_JOB_END_TIME"));
    EXPECT_EQ(state_of(facts, "node", "end time"), FindingState::note);
}

TEST(JudgeRunner, SaysWhatUnitsOfSeveralRanksHave) {
    EXPECT_EQ(judge_runner({}).seen, "xorch-runner is built without MPI");
    EXPECT_EQ(judge_runner({.mpi = "Open MPI v4.1.4"}).seen, "Open MPI v4.1.4; no NCCL");
    const SiteFinding with_gpu = judge_runner({
        .mpi = "Open MPI v4.1.4", .nccl = "2.27.3", .gpus = {"A100", "A30"}
    });
    EXPECT_EQ(
        with_gpu.seen,
        "Open MPI v4.1.4; NCCL: 2.27.3, compiled, never run here; CUDA lists A100; A30"
    );
    EXPECT_THAT(with_gpu.action, HasSubstr("never been tested"));
    EXPECT_EQ(judge_runner({.problem = "gone"}).state, FindingState::note);
}

}  // namespace
}  // namespace xorch
