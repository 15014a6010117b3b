#include "tests/simulation/heir_watch.h"

#include <algorithm>
#include <string>
#include <variant>

#include "coordinator/journal/journal.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/world.h"

namespace xorch::simulation {

void HeirWatch::look() {
    if (!world_.reigns_in_allocations() || world_.complete()) return;
    if (is_looked_after()) {
        was_looked_after_ = true;
        is_silenced_ = false;
        return;
    }
    // Once per loss: nothing changes until a person comes.
    if (!was_looked_after_) return;
    was_looked_after_ = false;
    if (!is_silenced_ && !is_told()) {
        world_.violate("I19: nobody follows, and nobody was told");
    }
}

bool HeirWatch::is_looked_after() const {
    if (world_.allocations->any_heir()) return true;
    const auto& all = world_.coordinators;
    return std::any_of(all.rbegin(), all.rend(), [](const auto& each) { return each->alive(); });
}

bool HeirWatch::is_told() const {
    // Or what a coordinator that died wrote last: its host's kernel still writes it.
    return says_why(world_.durable) || says_why(world_.coordinators.back()->disk());
}

// The journal says why the sweep is at rest, or that it never got a job.
bool HeirWatch::says_why(Disk& disk) const {
    auto plan = Plan::make(world_.scenario.sweep);
    XORCH_CHECK(plan.has_value(), "a scenario has a plan");
    State state(std::move(*plan));
    std::string end_reason;
    const auto visit = [&](const FactBatch& batch, FactLocation at) {
        for (const Fact& fact : batch.facts) {
            const auto* ended = std::get_if<EpochEnded>(&fact);
            end_reason = ended == nullptr ? "" : ended->reason;
        }
        return state.apply(batch, at);
    };
    const auto end = replay_journal(disk, world_.layout.journal(), visit);
    // That it cannot be read is for the ledger to say.
    if (!end) return true;
    const auto& jobs = state.allocations();
    const bool had_job = std::any_of(jobs.begin(), jobs.end(), [](const AllocationState& each) {
        return each.submitted;
    });
    const bool was_stopped = end->ended && end_reason == reason_stop_requested;
    return !had_job || was_stopped || state.paused() || state.complete() ||
           state.notified("stranded");
}

}  // namespace xorch::simulation
