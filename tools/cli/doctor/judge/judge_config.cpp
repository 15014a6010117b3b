// What the configuration of the cluster means.

#include <fmt/format.h>

#include <map>

#include "tools/cli/doctor/judge/slurm_findings.h"

namespace xorch::slurm_findings {

namespace {

// A job that ended must be in the queue's answers for two polls.
constexpr Millis forgets_soon{120'000};
// limits.grace, as a unit has it by default.
constexpr Millis usual_grace{10'000};

SiteFinding judge_requeue(const SiteConfig& config) {
    if (!config.requeues) return unknown("requeue", "Slurm does not say JobRequeue");
    return found(
        "requeue",
        fmt::format("JobRequeue = {}", *config.requeues ? 1 : 0),
        *config.requeues ? "jobs are submitted with --no-requeue, since xorch owns every retry; an "
                           "administrator's requeue is survived"
                         : "as xorch wants it, since it owns every retry"
    );
}

SiteFinding judge_kill_wait(const SiteConfig& config) {
    if (!config.kill_wait) return unknown("kill wait", "Slurm does not say KillWait");
    SiteFinding finding = found(
        "kill wait",
        fmt::format("KillWait = {} s", config.kill_wait->count() / 1'000),
        "xorch stops units before the end of an allocation, so they do not need it"
    );
    if (*config.kill_wait >= usual_grace) return finding;
    finding.action +=
        "; after scancel, a unit that saves longer than this loses its work since "
        "the last checkpoint";
    return worth_knowing(std::move(finding));
}

// Those that the sweep asks for; all, if that is not known.
std::map<std::string, Millis> grace_times_asked(const SlurmFacts& slurm) {
    if (!slurm.partitions || !*slurm.partitions || (*slurm.partitions)->empty()) {
        return slurm.grace_times;
    }
    std::map<std::string, Millis> times;
    for (const PartitionFacts& each : **slurm.partitions) {
        const auto time = slurm.grace_times.find(each.name);
        if (time != slurm.grace_times.end()) times.insert(*time);
    }
    return times;
}

SiteFinding judge_preemption(const SlurmFacts& slurm, const SiteConfig& config) {
    const std::string& type = config.preempt_type;
    if (type.empty()) return unknown("preemption", "Slurm does not say PreemptType");
    if (type == "preempt/none") {
        return found("preemption", "none", "an allocation is yours until it ends");
    }
    std::vector<std::string> times;
    bool at_once = false;
    for (const auto& [partition, grace] : grace_times_asked(slurm)) {
        times.push_back(fmt::format("{} {} s", partition, grace.count() / 1'000));
        at_once = at_once || grace == Millis{0};
    }
    SiteFinding finding = found(
        "preemption",
        times.empty() ? type : fmt::format("{}, GraceTime: {}", type, fmt::join(times, ", ")),
        "TERM to an agent counts as preemption: its units get the grace to save, and go on in "
        "another allocation"
    );
    if (!at_once) return finding;
    finding.action +=
        "; without grace they lose what came after the last checkpoint "
        "(limits.checkpoint_every)";
    return worth_knowing(std::move(finding));
}

SiteFinding judge_preemption_signal(const SiteConfig& config) {
    const std::string name = "early signal";
    if (!config.signals_before_preemption) {
        return unknown(name, "Slurm does not say PreemptParameters");
    }
    if (*config.signals_before_preemption) {
        return found(
            name,
            "send_user_signal: Slurm says that a preemption is near",
            "xorch takes it for a hint and asks for the end again"
        );
    }
    return found(
        name,
        "no send_user_signal: the first word of a preemption is TERM",
        "xorch does not wait for any other"
    );
}

SiteFinding judge_tracking(const SiteConfig& config) {
    const std::string name = "proctrack";
    if (config.process_tracking.empty()) return unknown(name, "Slurm does not say ProctrackType");
    if (config.process_tracking == "proctrack/cgroup") {
        return found(name, config.process_tracking, "Slurm itself ends what a job leaves behind");
    }
    return worth_knowing(found(
        name,
        config.process_tracking + ", which can miss processes that a job leaves behind",
        "each agent has a keeper, which ends every descendant"
    ));
}

SiteFinding judge_memory_of_queue(const SiteConfig& config) {
    const std::string name = "job memory";
    if (!config.forgets_after) return unknown(name, "Slurm does not say MinJobAge");
    SiteFinding finding = found(
        name,
        fmt::format(
            "squeue remembers a job for {} s after its end", config.forgets_after->count() / 1'000
        ),
        "that is how xorch learns why an allocation ended"
    );
    if (*config.forgets_after >= forgets_soon) return finding;
    finding.action = "xorch may not learn why an allocation ended; its units go on all the same";
    return worth_knowing(std::move(finding));
}

}  // namespace

SiteFinding found(std::string name, std::string seen, std::string action) {
    return {
        .where = "slurm",
        .name = std::move(name),
        .state = FindingState::ok,
        .seen = std::move(seen),
        .action = std::move(action)};
}

SiteFinding unknown(std::string name, std::string seen, std::string action) {
    SiteFinding finding = found(std::move(name), std::move(seen), std::move(action));
    finding.state = FindingState::unknown;
    return finding;
}

SiteFinding worth_knowing(SiteFinding finding) {
    finding.state = FindingState::note;
    return finding;
}

SiteFinding prevents(SiteFinding finding) {
    finding.state = FindingState::problem;
    return finding;
}

std::vector<SiteFinding> judge_config(const SlurmFacts& slurm) {
    std::vector<SiteFinding> findings;
    if (!slurm.config || !*slurm.config) {
        const std::string why =
            slurm.config ? slurm.config->error().message : "not probed: no controller answers";
        for (const char* name :
             {"requeue", "kill wait", "preemption", "early signal", "proctrack", "job memory"}) {
            findings.push_back(unknown(name, why));
        }
        return findings;
    }
    const SiteConfig& config = **slurm.config;
    return {
        judge_requeue(config),
        judge_kill_wait(config),
        judge_preemption(slurm, config),
        judge_preemption_signal(config),
        judge_tracking(config),
        judge_memory_of_queue(config)};
}

}  // namespace xorch::slurm_findings
