// Allocations: how many, in which lanes, and what becomes of them.
//
// A lane is a chain of allocations of which one runs and, on Slurm, the next one is queued behind
// it: whatever happens to the one that runs, somebody comes who can take the sweep over.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "coordinator/decide/rules/rules.h"
#include "core/planted.h"

namespace xorch {

namespace {

// So many allocations in a row may end without a finished unit or a newer checkpoint.
constexpr std::uint32_t barren_max = 3;

// Slurm's answers are whole minutes and seconds; a smaller move of an end is noise.
constexpr Millis end_moved{2'000};

// The newest allocation of the lane that did not end.
const AllocationState* head_of(const State& state, std::uint32_t lane) {
    const std::vector<AllocationState>& all = state.allocations();
    const auto found = std::find_if(all.rbegin(), all.rend(), [lane](const AllocationState& each) {
        return each.lane == lane && !each.ended;
    });
    return found == all.rend() ? nullptr : &*found;
}

// Units of this need that run at once in one allocation: what the agents of the largest one offer,
// or what the sweep file asks for before any agent came.
std::uint32_t slots_of_allocation(const State& state, const Resources& each) {
    std::map<AllocationId, std::uint32_t> slots;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        slots[agent.allocation] += fitting(agent.capacity, {}, each);
    }
    std::uint32_t most = 0;
    for (const auto& [allocation, count] : slots)
        most = std::max(most, count);
    if (most > 0) return most;
    const SlurmOptions& asked = state.plan().sweep().slurm;
    const std::uint32_t cpus = asked.cpus_per_node == 0 ? each.cpus : asked.cpus_per_node;
    return std::max(1U, asked.nodes * (cpus / std::max(1U, each.cpus)));
}

// As many lanes as the units that could run now fill.
std::uint32_t lanes_wanted(const State& state) {
    const Sweep& sweep = state.plan().sweep();
    const std::uint32_t most =
        sweep.backend == BackendKind::slurm ? sweep.slurm.max_allocations : 1;
    if (most <= 1) return 1;
    double needed = 0;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageState& stage = state.stage(StageIndex{s});
        const std::uint32_t live = stage.in(UnitPhase::ready) + stage.in(UnitPhase::assigned);
        if (live == 0) continue;
        const Resources& each = state.plan().stage(StageIndex{s}).resources;
        needed += static_cast<double>(live) * each.ranks / slots_of_allocation(state, each);
    }
    const double lanes = std::clamp(std::ceil(needed), 1.0, static_cast<double>(most));
    return static_cast<std::uint32_t>(lanes);
}

Effects intend(
    const State& state, const Presence& presence, std::uint32_t lane, AllocationId after
) {
    Effects effects;
    AllocationState next;
    next.allocation.value = static_cast<std::uint32_t>(state.allocations().size()) + 1;
    next.token = fmt::format("e{}a{}", presence.epoch.value, next.allocation.value);
    next.after = after;
    effects.facts.push_back(AllocationIntended{
        .allocation = next.allocation, .token = next.token, .lane = lane, .after = after});
    effects.messages.push_back(start_order(state, next));
    return effects;
}

// What is queued for lanes that the work no longer fills is given back, and what idles there is
// sent home.
Effects give_back_lanes(const State& state, const Presence& presence, std::uint32_t wanted) {
    Effects effects;
    for (const AllocationState& each : state.allocations()) {
        if (each.ended || each.lane < wanted) continue;
        if (!each.started) {
            const std::string reason(reason_not_needed);
            effects.facts.push_back(AllocationEnded{each.allocation, reason});
            effects.messages.push_back(EndAllocation{each.allocation, reason});
            continue;
        }
        for (const std::uint32_t index : state.present_agents()) {
            const AgentState& agent = state.agents()[index];
            const AgentPresence* seen = presence.find(agent.incarnation);
            const bool is_idle = agent.allocation == each.allocation && agent.is_idle();
            if (!is_idle || seen == nullptr || !seen->greeted || seen->sent_home) continue;
            const Leave leave{.reason = std::string(reason_not_needed), .at_once = false};
            effects.messages.push_back(ToAgent{agent.incarnation, leave});
        }
    }
    return effects;
}

std::int64_t queued_in(const State& state, std::uint32_t lane) {
    const std::vector<AllocationState>& all = state.allocations();
    return std::count_if(all.begin(), all.end(), [lane](const AllocationState& each) {
        return each.lane == lane && !each.started && !each.ended;
    });
}

// Where jobs may not submit jobs, nobody in an allocation asks for another one.
bool may_ask(const State& state, const Presence& presence) {
    return state.plan().sweep().slurm.queue_ahead == 0 || presence.runs_in.value == 0;
}

// Whether each of the first lanes has an allocation, had or asked for, and the batch system took
// one of them: a lane behind those that are refused may be the only one that lives.
bool can_do_without_rest(const State& state, std::uint32_t lanes) {
    bool any_taken = false;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const AllocationState* head = head_of(state, lane);
        if (head == nullptr) return false;
        any_taken = any_taken || head->submitted;
    }
    return any_taken;
}

Effects on_lanes_of_slurm(const State& state, const Presence& presence, Now now) {
    const std::uint32_t wanted = lanes_wanted(state);
    Effects effects;
    if (can_do_without_rest(state, wanted)) effects = give_back_lanes(state, presence, wanted);
    if (!effects.empty() || now.boot < presence.ask_again) return effects;
    if (!may_ask(state, presence)) return effects;
    const std::uint32_t ahead = state.plan().sweep().slurm.queue_ahead;
    for (std::uint32_t lane = 0; lane < wanted; ++lane) {
        const AllocationState* head = head_of(state, lane);
        if (head == nullptr) return intend(state, presence, lane, {});
        // A job whose number is not known yet cannot be waited for: its successor would run at
        // once.
        const bool wants_next = ahead == 0 ? head->started : queued_in(state, lane) < ahead;
        if (head->submitted && wants_next) return intend(state, presence, lane, head->allocation);
    }
    return effects;
}

// Whether this is so of some agent of the allocation that greeted this reign.
template <class Is>
bool any_agent_of(const State& state, const Presence& presence, AllocationId id, Is is) {
    const std::vector<std::uint32_t>& present = state.present_agents();
    return std::any_of(present.begin(), present.end(), [&](std::uint32_t index) {
        const AgentState& agent = state.agents()[index];
        const AgentPresence* seen = presence.find(agent.incarnation);
        return agent.allocation == id && seen != nullptr && seen->greeted && is(*seen);
    });
}

bool was_heard_lately(const State& state, const Presence& presence, AllocationId id, Now now) {
    const Millis patience = state.plan().sweep().tuning.lost_after;
    return any_agent_of(state, presence, id, [&](const AgentPresence& seen) {
        return now.boot - seen.last_heard < patience;
    });
}

// An agent that stays speaks twice in this time; one that goes, or fell silent just now, most
// likely goes with its allocation, and brings nobody who could reign.
bool has_agent_that_stays(const State& state, const Presence& presence, AllocationId id, Now now) {
    const Millis patience = 2 * state.plan().sweep().tuning.heartbeat_every;
    return any_agent_of(state, presence, id, [&](const AgentPresence& seen) {
        return !seen.leaving && now.boot - seen.last_heard < patience;
    });
}

// A lane never dies: whoever goes before anything waits behind its allocation asks for it first.
Effects leave_an_heir(const State& state, const Presence& presence, Now now) {
    if (presence.leaves.value == 0 || presence.leaves.value > state.allocations().size()) return {};
    if (!may_ask(state, presence)) return {};
    const std::vector<AllocationState>& all = state.allocations();
    const bool may_be_named = now.boot < presence.names_awaited;
    const bool may_come = std::any_of(all.begin(), all.end(), [&](const AllocationState& each) {
        const bool is_ours = each.allocation == presence.leaves;
        return !is_ours && !each.ended && !each.started && (!each.submitted || may_be_named);
    });
    if (may_come || has_heir(state, presence, now) || now.boot < presence.ask_again) return {};
    const AllocationState& ours = all[presence.leaves.value - 1];
    const AllocationId after = ours.ended ? AllocationId{} : ours.allocation;
    return intend(state, presence, ours.lane, after);
}

Effects on_ended(
    const State& state, const Presence& presence, const AllocationEnded& ended, Now now
) {
    Effects effects;
    // Slurm forgets; agents that speak are better witnesses.
    const bool is_forgotten = ended.reason == reason_forgotten;
    const bool is_outweighed = is_forgotten && !planted::has(planted::Bug::forgotten_ends) &&
                               was_heard_lately(state, presence, ended.allocation, now);
    if (is_outweighed) return effects;
    std::vector<const AgentState*> gone;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        if (agent.allocation == ended.allocation) gone.push_back(&agent);
    }
    const AgentEnd end{.in_order = false, .reason = "its allocation ended: " + ended.reason};
    effects = on_agents_gone(state, presence, gone, end, now);
    const bool on_request = presence.stopping != Stopping::no;
    effects.facts.push_back(AllocationEnded{
        ended.allocation, on_request ? std::string(reason_stop_requested) : ended.reason});
    // Whoever forgot it may be wrong; it is not asked about any more.
    if (is_forgotten) {
        effects.messages.push_back(EndAllocation{ended.allocation, ended.reason});
    }
    return effects;
}

}  // namespace

StartAllocation start_order(const State& state, const AllocationState& allocation) {
    StartAllocation order{.allocation = allocation.allocation, .token = allocation.token};
    if (allocation.after.value != 0) {
        order.after_job = state.allocations()[allocation.after.value - 1].job;
    }
    for (const auto& [node, reason] : state.blamed_nodes())
        order.avoid_nodes.push_back(node);
    return order;
}

Effects on_lane(const State& state, const Presence& presence, Now now) {
    Effects effects;
    const bool wanted = !state.paused() && !state.complete() && presence.stopping == Stopping::no;
    if (!wanted) return effects;
    if (state.barren_allocations() >= barren_max) {
        effects.facts.push_back(SweepPaused{fmt::format(
            "{} allocations in a row ended without a finished unit or a newer checkpoint. Give "
            "units more time or let them checkpoint more often; `xorch logs` shows what they did, "
            "`xorch retry` goes on.",
            state.barren_allocations()
        )});
        return effects;
    }
    if (!state.refused_for_good().empty()) {
        if (state.has_open_allocations()) return effects;
        effects.facts.push_back(SweepPaused{fmt::format(
            "no allocation can be had: {}. Change the sweep's [slurm] table, or ask your "
            "administrator; `xorch resume` asks again.",
            state.refused_for_good()
        )});
        return effects;
    }
    if (presence.handing_over) return leave_an_heir(state, presence, now);
    if (state.plan().sweep().backend == BackendKind::slurm) {
        return on_lanes_of_slurm(state, presence, now);
    }
    return state.has_open_allocations() ? effects : intend(state, presence, 0, {});
}

bool has_heir(const State& state, const Presence& presence, Now now) {
    const std::vector<AllocationState>& all = state.allocations();
    return std::any_of(all.begin(), all.end(), [&](const AllocationState& each) {
        const bool is_ours =
            each.allocation == presence.leaves && !planted::has(planted::Bug::own_job_as_heir);
        if (each.ended || !each.submitted || is_ours) return false;
        return each.started ? has_agent_that_stays(state, presence, each.allocation, now)
                            : presence.named.contains(each.allocation);
    });
}

bool may_hand_over(const State& state, const Presence& presence, Now now) {
    if (!presence.handing_over) return false;
    const bool needs_heir = presence.leaves.value != 0 && may_ask(state, presence) &&
                            !state.paused() && state.refused_for_good().empty() &&
                            now.boot < presence.hand_over_by;
    return !needs_heir || has_heir(state, presence, now);
}

Effects on_allocation(
    const State& state, const Presence& presence, const AllocationEvent& event, Now now
) {
    Effects effects;
    const auto find = [&](AllocationId id) -> const AllocationState* {
        const bool known = id.value > 0 && id.value <= state.allocations().size();
        return known ? &state.allocations()[id.value - 1] : nullptr;
    };
    const AllocationState* known =
        find(std::visit([](const auto& each) { return each.allocation; }, event.what));
    if (known == nullptr) return effects;
    if (const auto* submitted = std::get_if<AllocationSubmitted>(&event.what)) {
        if (known->ended) {
            // It was given up while the batch system was asked.
            const std::string reason(reason_not_needed);
            effects.messages.push_back(EndAllocation{known->allocation, reason});
        } else if (!known->submitted || known->job != submitted->job) {
            effects.facts.push_back(*submitted);
        }
        return effects;
    }
    if (known->ended) return effects;
    if (const auto* started = std::get_if<AllocationStarted>(&event.what)) {
        const Millis moved = started->end_unix - known->end_unix;
        const bool tells_begin = started->began_unix != Millis{0} && known->began_unix == Millis{0};
        const bool has_moved = moved > end_moved || moved < -end_moved;
        const bool is_news =
            !known->started || tells_begin || (has_moved && !planted::has(planted::Bug::end_kept));
        if (is_news) effects.facts.push_back(*started);
        return effects;
    }
    if (const auto* refused = std::get_if<AllocationRefused>(&event.what)) {
        effects.facts.push_back(*refused);
        return effects;
    }
    return on_ended(state, presence, std::get<AllocationEnded>(event.what), now);
}

std::set<AllocationId> awaiting_successors(const State& state, const Presence& presence, Now now) {
    std::set<AllocationId> waiting;
    if (planted::has(planted::Bug::units_before_successor)) return waiting;
    if (now.boot >= presence.successors_awaited) return waiting;
    const bool on_slurm = state.plan().sweep().backend == BackendKind::slurm;
    for (const AllocationState& each : state.allocations()) {
        if (each.submitted || each.ended) continue;
        if (each.after.value != 0) waiting.insert(each.after);
        // Nothing can be queued behind it before its number is known.
        if (on_slurm && each.started) waiting.insert(each.allocation);
    }
    return waiting;
}

}  // namespace xorch
