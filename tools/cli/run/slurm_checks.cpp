#include "tools/cli/run/slurm_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/process.h"
#include "slurm/fit.h"
#include "slurm/site.h"

namespace xorch {

namespace {

// From the job's start to its first unit: the relay, srun, the first hello. Seen on one machine: 2
// s.
constexpr Millis start_up{5'000};

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
    const SlurmSite site(current_environment());
    AllocationOffer offer{
        .options = sweep.slurm, .partitions = {}, .overhead = start_up + sweep.tuning.drain_slack};
    // What sinfo does not say refuses nothing.
    if (auto all = site.partitions()) {
        offer.partitions = partitions_asked(sweep.slurm, std::move(*all));
    }
    if (auto checked = check_stages(sweep, offer); !checked) return tl::unexpected(checked.error());
    const auto answer = site.test(sweep.slurm, sweep.directory);
    if (!answer) return tl::unexpected(answer.error());
    switch (answer->outcome) {
        case SubmissionOutcome::accepted: {
            if (!answer->expected || !answer->expected->start) return std::nullopt;
            const Millis wait = std::max(*answer->expected->start - read_clocks().unix, Millis{0});
            const bool is_now = wait < Millis{1'000};
            return fmt::format(
                "Slurm expects to start it {}{} on {}",
                is_now ? "at once" : "in ",
                is_now ? "" : spell_duration(wait),
                answer->expected->nodes
            );
        }
        case SubmissionOutcome::waiting:
            return "Slurm would not take it now: " + answer->message;
        case SubmissionOutcome::wrong:
            return fail(ErrorCode::invalid_input, "Slurm refuses the job: " + answer->message);
        case SubmissionOutcome::unreachable:
            return fail(ErrorCode::unavailable, "Slurm does not answer: " + answer->message);
    }
    return std::nullopt;
}

}  // namespace xorch
