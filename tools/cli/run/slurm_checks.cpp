#include "tools/cli/run/slurm_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/process.h"
#include "slurm/command.h"
#include "slurm/fit.h"
#include "slurm/job_script.h"
#include "slurm/site_facts.h"
#include "slurm/submission.h"

namespace xorch {

namespace {

// From the job's start to its first unit: the relay, srun, the first hello. Seen on one machine: 2
// s.
constexpr Millis start_up{5'000};

bool is_named(const std::string& list, const std::string& name) {
    return fmt::format(",{},", list).find(fmt::format(",{},", name)) != std::string::npos;
}

// Those that may serve the sweep; none if sinfo says nothing.
std::vector<PartitionFacts> find_partitions(
    const Sweep& sweep, const std::vector<std::string>& environment
) {
    const auto run = run_command({.argv = sinfo_argv()}, environment);
    if (!run || run->exit_code != 0) return {};
    auto all = parse_sinfo(run->output);
    if (!all) return {};
    const std::string& asked = sweep.slurm.partition;
    std::erase_if(*all, [&](const PartitionFacts& each) {
        return asked.empty() ? !each.is_default : !is_named(asked, each.name);
    });
    return std::move(*all);
}

Result<void> check_stages(const Sweep& sweep, const AllocationOffer& offer) {
    if (auto checked = check_offer(offer); !checked) return checked;
    for (const Stage& stage : sweep.stages) {
        // Whether a program writes checkpoints is known when it has written one.
        const UnitDemand demand{
            .stage = stage.name,
            .resources = stage.resources,
            .longest = stage.limits.timeout,
            .has_checkpoints = true};
        if (auto checked = check_fit(demand, offer); !checked) return checked;
    }
    return {};
}

}  // namespace

Result<std::optional<std::string>> check_with_slurm(const Sweep& sweep) {
    const std::vector<std::string> environment = slurm_environment(current_environment());
    AllocationOffer offer{
        .options = sweep.slurm,
        .partitions = find_partitions(sweep, environment),
        .overhead = start_up + sweep.tuning.drain_slack};
    if (auto checked = check_stages(sweep, offer); !checked) return tl::unexpected(checked.error());
    auto argv = sbatch_argv({
        .options = sweep.slurm,
        .job_name = "xorch-test",
        .directory = sweep.directory,
        .output = "/dev/null",
        .test_only = true,
    });
    if (!argv) return tl::unexpected(argv.error());
    const SubmissionAnswer answer =
        read_test_only(run_command({.argv = std::move(*argv), .input = job_script}, environment));
    switch (answer.outcome) {
        case SubmissionOutcome::accepted: {
            if (!answer.expected || !answer.expected->start) return std::nullopt;
            const Millis wait = std::max(*answer.expected->start - read_clocks().unix, Millis{0});
            const bool is_now = wait < Millis{1'000};
            return fmt::format(
                "Slurm expects to start it {}{} on {}",
                is_now ? "at once" : "in ",
                is_now ? "" : spell_duration(wait),
                answer.expected->nodes
            );
        }
        case SubmissionOutcome::waiting:
            return "Slurm would not take it now: " + answer.message;
        case SubmissionOutcome::wrong:
            return fail(ErrorCode::invalid_input, "Slurm refuses the job: " + answer.message);
        case SubmissionOutcome::unreachable:
            return fail(ErrorCode::unavailable, "Slurm does not answer: " + answer.message);
    }
    return std::nullopt;
}

}  // namespace xorch
