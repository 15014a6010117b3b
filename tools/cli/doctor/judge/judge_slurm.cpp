// What the login node's commands say about the cluster.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "slurm/fit.h"
#include "slurm/time_text.h"
#include "tools/cli/doctor/judge/judge.h"
#include "tools/cli/doctor/judge/slurm_findings.h"

namespace xorch {

namespace {

using namespace slurm_findings;

// What a sweep needs; the others only help.
bool is_needed(std::string_view command) {
    return command == "sbatch" || command == "squeue" || command == "scancel" || command == "srun";
}

SiteFinding judge_commands(const SlurmFacts& slurm) {
    std::vector<std::string> there;
    std::vector<std::string> missing;
    bool lacks_needed = false;
    for (const SlurmCommandFacts& command : slurm.commands) {
        (command.path.empty() ? missing : there).push_back(command.name);
        lacks_needed = lacks_needed || (command.path.empty() && is_needed(command.name));
    }
    const std::string version = slurm.version.empty() ? "" : slurm.version + ": ";
    SiteFinding finding = found(
        "commands",
        fmt::format("{}{}", version, fmt::join(there, " ")),
        "xorch starts them without a shell and without the SLURM_* and SBATCH_* around it"
    );
    if (missing.empty()) return finding;
    finding.seen += fmt::format("; not on PATH: {}", fmt::join(missing, " "));
    if (!lacks_needed) {
        finding.action = "xorch does without them; it checks less before it submits";
        return worth_knowing(std::move(finding));
    }
    finding.action =
        "no sweep can be submitted to Slurm from here: put Slurm's commands on PATH, "
        "or log in to a login node";
    return prevents(std::move(finding));
}

SiteFinding judge_silence(const Error& error, BackendKind backend, const std::string& retry) {
    SiteFinding finding = found("controller", error.message, retry);
    // Without scontrol nobody was asked.
    if (error.code == ErrorCode::not_found) {
        finding.action = "`xorch submit` finds out";
        finding.state = FindingState::unknown;
        return finding;
    }
    if (error.code != ErrorCode::invalid_input) return prevents(std::move(finding));
    finding.action =
        "SLURM_CONF names the configuration of a cluster; without one, sweeps run on "
        "this machine";
    return backend == BackendKind::slurm ? prevents(std::move(finding))
                                         : worth_knowing(std::move(finding));
}

SiteFinding judge_controllers(const SlurmFacts& slurm, BackendKind backend) {
    const std::string retry =
        "nothing can be queued until `scontrol ping` says UP; a sweep that "
        "runs goes on without the controller and asks again";
    if (!slurm.controllers) return judge_silence(slurm.controllers.error(), backend, retry);
    std::vector<std::string> words;
    bool any_up = false;
    bool all_up = true;
    for (const SiteController& each : *slurm.controllers) {
        words.push_back(fmt::format("{} {} {}", each.role, each.host, each.is_up ? "up" : "down"));
        any_up = any_up || each.is_up;
        all_up = all_up && each.is_up;
    }
    SiteFinding finding = found(
        "controller",
        fmt::format("{}", fmt::join(words, ", ")),
        "a sweep asks it at most once a minute, and outlives its restarts"
    );
    if (!any_up) {
        finding.action = retry;
        return prevents(std::move(finding));
    }
    return all_up ? finding : worth_knowing(std::move(finding));
}

SiteFinding judge_submission(const std::optional<SubmissionAnswer>& answer) {
    const std::string name = "submission";
    if (!answer) return unknown(name, "not probed: no controller answers");
    switch (answer->outcome) {
        case SubmissionOutcome::accepted: {
            const auto& expected = answer->expected;
            const std::string where =
                expected && !expected->nodes.empty() ? " and start it on " + expected->nodes : "";
            return found(
                name,
                fmt::format("Slurm would take a job with these [slurm] options{}", where),
                "`xorch submit --backend slurm FILE` asks the same before it queues anything"
            );
        }
        case SubmissionOutcome::waiting:
            return worth_knowing(found(
                name,
                "Slurm would not take it now: " + answer->message,
                "a refused allocation is asked for again, less and less often"
            ));
        case SubmissionOutcome::wrong:
            return prevents(found(
                name,
                "Slurm refuses it: " + answer->message,
                "change [slurm] in the sweep file or in the file of $XORCH_SITE (partition, "
                "account, qos, time, ...); `--set slurm.partition=NAME` tries another one"
            ));
        case SubmissionOutcome::unreachable:
            break;
    }
    return unknown(name, "no answer: " + answer->message, "`xorch doctor` again in a moment");
}

std::string describe_partition(const PartitionFacts& partition) {
    std::string text = fmt::format(
        "{} (nodes that work: {} of {}", partition.name, partition.nodes_working, partition.nodes
    );
    if (partition.time_max) {
        text += partition.time_max->unlimited
                    ? ", no time limit"
                    : ", at most " + format_time_limit(partition.time_max->length);
    }
    return text + ")";
}

SiteFinding judge_partitions(const DoctorFacts& facts) {
    const std::string name = "partition";
    const auto& partitions = facts.slurm->partitions;
    if (!partitions) return unknown(name, "not probed: no controller answers");
    if (!*partitions) return unknown(name, partitions->error().message);
    const std::string& asked = facts.asked.partition;
    const std::string choose = "choose one of `sinfo` with slurm.partition";
    if ((*partitions)->empty()) {
        if (!asked.empty()) return prevents(found(name, "there is no " + asked, choose));
        return worth_knowing(found(name, "Slurm has no default partition", choose));
    }
    std::vector<std::string> words;
    bool any_works = false;
    for (const PartitionFacts& each : **partitions) {
        words.push_back(describe_partition(each));
        any_works = any_works || (each.is_up && each.nodes_working > 0);
    }
    const std::string seen = fmt::format("{}", fmt::join(words, ", "));
    const AllocationOffer offer{.options = facts.asked, .partitions = **partitions};
    if (const auto fits = check_offer(offer); !fits) {
        return prevents(found(name, seen + ": " + fits.error().message, choose));
    }
    SiteFinding finding = found(
        name,
        seen,
        facts.asked.time > Millis{0}
            ? fmt::format(
                  "each allocation asks for {}; units go on in the next one",
                  format_time_limit(facts.asked.time)
              )
            : "set slurm.time: a short allocation starts sooner, and units go on in the next one"
    );
    if (any_works) return finding;
    finding.action = "jobs wait until one works again; " + choose;
    return worth_knowing(std::move(finding));
}

SiteFinding judge_accounting(const Trial& accounting) {
    if (accounting.works()) {
        return found("accounting", "sacct answers", "xorch needs it for no decision");
    }
    const std::string never = "xorch never needs it";
    if (!accounting.tried) return unknown("accounting", "not probed", never);
    return found("accounting", "sacct does not work: " + accounting.problem, never);
}

bool is_word_of(std::string_view list, std::string_view word) {
    const std::string separators = " \t\n,";
    std::size_t start = 0;
    while ((start = list.find_first_not_of(separators, start)) != std::string_view::npos) {
        const std::size_t end = std::min(list.find_first_of(separators, start), list.size());
        if (list.substr(start, end - start) == word) return true;
        start = end;
    }
    return false;
}

SiteFinding judge_mpi(const DoctorFacts& facts) {
    const auto& mpi = facts.slurm->mpi;
    if (!mpi) return unknown("mpi", "not probed");
    if (!*mpi) return unknown("mpi", mpi->error().message);
    const std::string& list = **mpi;
    const std::string& asked = facts.asked.mpi;
    if (!asked.empty() && !is_word_of(list, asked)) {
        return prevents(found(
            "mpi",
            fmt::format("slurm.mpi = \"{}\", but srun offers only: {}", asked, list),
            "set slurm.mpi to one of these, or remove it"
        ));
    }
    const bool has_pmix = list.find("pmix") != std::string::npos;
    SiteFinding finding = found(
        "mpi",
        "srun offers: " + list,
        has_pmix ? "agents start without MPI; ranks of a unit can use slurm.mpi = \"pmix\""
                 : "agents start without MPI; for ranks of a unit there is no PMIx"
    );
    return has_pmix ? finding : worth_knowing(std::move(finding));
}

SiteFinding judge_gres(const SlurmFacts& slurm) {
    if (!slurm.partitions || !*slurm.partitions) return unknown("gpus", "not probed");
    std::vector<std::string> words;
    for (const PartitionFacts& each : **slurm.partitions) {
        if (each.gpus_per_node == 0) continue;
        words.push_back(fmt::format("{} per node in {}", each.gpus_per_node, each.name));
    }
    if (words.empty()) return found("gpus", "none in this partition", "units run on CPUs");
    return found(
        "gpus",
        fmt::format("up to {}", fmt::join(words, ", ")),
        "ask for them with slurm.gpus_per_node and give units resources.gpus"
    );
}

}  // namespace

std::vector<SiteFinding> judge_slurm(const DoctorFacts& facts) {
    if (!facts.slurm) {
        SiteFinding finding =
            found("commands", "none on PATH", "sweeps run on this machine; nothing else is asked");
        if (facts.backend != BackendKind::slurm) return {worth_knowing(std::move(finding))};
        finding.action =
            "the sweep asks for Slurm: put its commands on PATH, or log in to a login "
            "node";
        return {prevents(std::move(finding))};
    }
    const SlurmFacts& slurm = *facts.slurm;
    std::vector<SiteFinding> findings{
        judge_commands(slurm), judge_controllers(slurm, facts.backend)};
    if (slurm.belongs_to_no_cluster()) return findings;
    const SiteFinding rest[] = {
        judge_submission(slurm.submission),
        judge_partitions(facts),
        judge_gres(slurm),
        judge_mpi(facts),
        judge_accounting(slurm.accounting)};
    findings.insert(findings.end(), std::begin(rest), std::end(rest));
    for (SiteFinding& finding : judge_config(slurm))
        findings.push_back(std::move(finding));
    return findings;
}

}  // namespace xorch
