// What a job found out on a compute node, and between it and here.

#include <fmt/format.h>

#include "coordinator/report/text.h"
#include "tools/cli/doctor/judge/judge.h"

namespace xorch {

namespace {

// Commands through files are answered within some seconds; caches of attributes take half a minute.
constexpr Millis files_slow{10'000};
// tuning.drain_slack covers less: units would be stopped too late, or too early.
constexpr Millis clocks_apart{2'000};

SiteFinding seen_there(std::string name, FindingState state, std::string seen, std::string action) {
    return {
        .where = "node",
        .name = std::move(name),
        .state = state,
        .seen = std::move(seen),
        .action = std::move(action)};
}

SiteFinding judge_step(const Trial& step) {
    if (step.works()) {
        return seen_there(
            "steps", FindingState::ok, "srun starts a step in the job", "agents are started so"
        );
    }
    return seen_there(
        "steps",
        FindingState::problem,
        "srun starts no step in the job: " + step.problem,
        "no agent can start; run the same srun in a job of your own and ask your administrator"
    );
}

SiteFinding judge_sbatch(const Trial& sbatch, SlurmPlace place) {
    const bool from_there = place == SlurmPlace::allocation;
    if (sbatch.works()) {
        return seen_there(
            "sbatch",
            FindingState::ok,
            "allowed on the node",
            from_there ? "the coordinator in an allocation queues its successor from there"
                       : "not used: slurm.place = \"host\" queues from here"
        );
    }
    return seen_there(
        "sbatch",
        from_there ? FindingState::note : FindingState::ok,
        "not possible on the node: " + sbatch.problem,
        from_there
            ? "a sweep would pause after its first allocation, and `xorch resume` queues the "
              "next; with slurm.place = \"host\" the coordinator stays here and queues them"
            : "not needed: slurm.place = \"host\" queues from here"
    );
}

SiteFinding judge_end(const NodeFacts& node, SlurmPlace place) {
    const bool asks_there = place == SlurmPlace::allocation;
    const std::string job = node.end_in_environment ? "SLURM_JOB_END_TIME is set" : "";
    if (node.squeue.works() && node.end_in_queue) {
        return seen_there(
            "end time",
            FindingState::ok,
            fmt::format("squeue says it on the node{}", job.empty() ? "" : ", and " + job),
            "xorch asks squeue again and again, since the end can move"
        );
    }
    const std::string problem = node.squeue.works() ? "squeue names no end" : node.squeue.problem;
    const std::string action =
        node.end_in_environment
            ? "units stop in time unless the end moves"
            : "the end is counted from slurm.time, which must be set for units to stop in time";
    return seen_there(
        "end time",
        FindingState::note,
        fmt::format("{}{}", problem, job.empty() ? "" : "; " + job),
        asks_there ? action + "; with slurm.place = \"host\" squeue is asked here" : action
    );
}

SiteFinding judge_route(const Trial& route) {
    if (!route.tried) {
        return seen_there("route", FindingState::unknown, "not probed: " + route.problem, "");
    }
    if (route.works()) {
        return seen_there(
            "route",
            FindingState::ok,
            "a connection from here to the node works",
            "`xorch status`, `watch` and `cancel` talk to the coordinator there"
        );
    }
    return seen_there(
        "route",
        FindingState::note,
        "no connection from here to the node: " + route.problem,
        "commands go through files in the sweep's directory, some seconds later; [net] interface "
        "chooses another network"
    );
}

SiteFinding judge_route_back(const Trial& route, SlurmPlace place) {
    const bool needed = place == SlurmPlace::host;
    if (!route.tried) {
        return seen_there("route back", FindingState::unknown, "not probed: " + route.problem, "");
    }
    if (route.works()) {
        return seen_there(
            "route back",
            FindingState::ok,
            "a connection from the node to here works",
            needed ? "agents reach the coordinator, which stays here"
                   : "slurm.place = \"host\" is possible; nothing needs it"
        );
    }
    return seen_there(
        "route back",
        needed ? FindingState::problem : FindingState::ok,
        "no connection from the node to here: " + route.problem,
        needed ? "agents cannot reach the coordinator: set slurm.place = \"allocation\", or "
                 "another [net] interface"
               : "not needed: the coordinator runs in an allocation"
    );
}

SiteFinding judge_files(const JobFacts& job) {
    if (!job.files_took) {
        return seen_there(
            "shared files",
            FindingState::problem,
            "the node never saw a file that was written here",
            "a sweep's directory must be the same everywhere: `export XORCH_HOME=DIR` with a DIR "
            "on a shared file system"
        );
    }
    const bool slow = *job.files_took > files_slow;
    return seen_there(
        "shared files",
        slow ? FindingState::note : FindingState::ok,
        fmt::format("there and back within {}", spell_duration(*job.files_took)),
        slow ? "xorch looks for files by listing folders, but commands through files take so long"
             : "journal, checkpoints and commands are seen everywhere"
    );
}

SiteFinding judge_clocks(const JobFacts& job) {
    const Millis apart = std::chrono::abs(job.clock_ahead);
    const Millis doubt = job.files_took.value_or(Millis{0}) / 2;
    if (apart > clocks_apart + doubt) {
        return seen_there(
            "clocks",
            FindingState::note,
            fmt::format(
                "the node's is {} {}",
                spell_duration(apart),
                job.clock_ahead > Millis{0} ? "ahead" : "behind"
            ),
            "units would stop so much too early or too late: raise tuning.drain_slack above it, or "
            "ask your administrator for NTP"
        );
    }
    return seen_there(
        "clocks",
        FindingState::ok,
        "the same here and there",
        "the end of an allocation means the same everywhere"
    );
}

// So that a reader of the report finds them although nobody asked.
std::vector<SiteFinding> nothing_probed(FindingState state, const std::string& why) {
    std::vector<SiteFinding> findings{seen_there("job", state, why, "")};
    for (const char* name :
         {"steps",
          "sbatch",
          "end time",
          "route",
          "route back",
          "shared files",
          "clocks",
          "home",
          "kernel",
          "cpus",
          "memory",
          "gpus",
          "bash",
          "python3"}) {
        findings.push_back(seen_there(name, FindingState::unknown, "not probed", ""));
    }
    return findings;
}

}  // namespace

std::vector<SiteFinding> judge_job(const DoctorFacts& facts) {
    if (!facts.slurm || facts.slurm->belongs_to_no_cluster()) return {};
    const JobFacts& job = facts.job;
    if (!facts.job_not_probed.empty()) {
        auto findings = nothing_probed(FindingState::unknown, facts.job_not_probed);
        for (SiteFinding& finding : findings)
            finding.seen = facts.job_not_probed;
        return findings;
    }
    if (!job.node) {
        const bool wrong = !job.problem.empty();
        auto findings = nothing_probed(
            wrong ? FindingState::problem : FindingState::unknown,
            wrong ? job.problem : job.not_probed
        );
        findings.front().action =
            wrong ? "a sweep's allocations would end like this; $XORCH_HOME must be the same "
                    "folder on the nodes, and xorch must run there"
                  : "`xorch doctor` again later, with a longer --wait or another --partition";
        return findings;
    }
    const SlurmPlace place = facts.asked.place;
    std::vector<SiteFinding> findings{
        seen_there(
            "job",
            FindingState::ok,
            fmt::format(
                "job {} spoke from {} after {}",
                job.job,
                job.node->machine.host,
                spell_duration(job.waited)
            ),
            "so long an allocation takes to start at the moment"
        ),
        judge_step(job.node->step),
        judge_sbatch(job.node->sbatch, place),
        judge_end(*job.node, place),
        judge_route(job.route),
        judge_route_back(job.node->route_back, place),
        judge_files(job),
        judge_clocks(job),
        judge_folder(job.node->home, "node")};
    for (SiteFinding& finding : judge_machine(job.node->machine, "node"))
        findings.push_back(std::move(finding));
    return findings;
}

std::vector<SiteFinding> judge_site(const DoctorFacts& facts) {
    std::vector<SiteFinding> findings = judge_machine(facts.here, "here");
    SiteFinding encryption{
        .where = "here",
        .name = "encryption",
        .state = FindingState::ok,
        .seen = facts.encryption ? *facts.encryption : facts.encryption.error().message,
        .action = "coordinator, agents and you speak CURVE only, with keys of the sweep's own"};
    if (!facts.encryption) {
        encryption.state = FindingState::problem;
        encryption.action =
            "no two processes of a sweep could talk: install a libzmq that is "
            "built with libsodium";
    }
    findings.push_back(std::move(encryption));
    if (facts.runner) findings.push_back(judge_runner(*facts.runner));
    findings.push_back(judge_folder(facts.home, "here"));
    for (auto& part : {judge_slurm(facts), judge_job(facts)}) {
        findings.insert(findings.end(), part.begin(), part.end());
    }
    return findings;
}

std::string_view state_name(FindingState state) {
    switch (state) {
        case FindingState::ok:
            return "ok";
        case FindingState::note:
            return "note";
        case FindingState::problem:
            return "problem";
        case FindingState::unknown:
            return "unknown";
    }
    return "?";
}

}  // namespace xorch
