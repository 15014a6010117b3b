// Agents come, fall silent and go.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// Assignments per message: their parameters and inputs must fit a frame of 8 MiB with ease.
constexpr std::size_t units_per_message = 256;

// An agent whose end has passed still says a moment.
constexpr Millis end_noise{2'000};

bool is_current(const State& state, IncarnationId agent, const AssignedUnit& held) {
    if (!state.has_unit(held.unit)) return false;
    const UnitState& unit = state.unit(held.unit);
    return unit.phase == UnitPhase::assigned && unit.attempt == held.attempt.value &&
           state.agents()[unit.agent].incarnation == agent;
}

// Which of the agent's units may have killed it: those known to run, and those that it takes up
// first, because the news that they run may have died with it.
std::set<UnitKey> suspects(const State& state, const Presence& presence, const AgentState& agent) {
    std::set<UnitKey> result;
    Capacity used;
    bool is_full = false;
    for (const UnitKey unit : agent.holding) {
        const Resources& each = state.plan().stage(unit.stage).resources;
        is_full = is_full || fitting(agent.capacity, used, each) == 0;
        if (!is_full) occupy(used, each, 1);
        if (!is_full || presence.running.contains(unit)) result.insert(unit);
    }
    return result;
}

// The attempt ends with the agent, and may have killed it if it `ran` there.
Fact lost_with(const State& state, const AgentState& agent, UnitKey unit, AttemptEnd end) {
    const AttemptNumber attempt{state.unit(unit).attempt};
    if (!agent.runs_alone || end.ran <= Millis{0} || !is_to_blame(state, unit)) {
        return UnitGivenBack{unit, attempt, std::move(end)};
    }
    end.cause = Cause::poison;
    end.message = fmt::format(
        "its agent died on {} although nothing else ran there; {} agents died with it before",
        agent.node,
        state.unit(unit).agent_deaths
    );
    return UnitFailed{unit, attempt, std::move(end)};
}

Outgoing stop_of(const State& state, UnitKey unit, Cause cause, bool at_once) {
    const UnitState& known = state.unit(unit);
    const StopAttempt stop{
        .unit = unit, .attempt = AttemptNumber{known.attempt}, .cause = cause, .at_once = at_once};
    return ToAgent{state.agents()[known.agent].incarnation, stop};
}

Millis ran_so_far(const Presence& presence, UnitKey unit, Now now) {
    const auto running = presence.running.find(unit);
    return running == presence.running.end() ? Millis{0} : now.boot - running->second.since;
}

Effects give_back_held(
    const State& state,
    const Presence& presence,
    const AgentState& agent,
    const AgentEnd& how,
    Now now
) {
    Effects effects;
    const std::set<UnitKey> blamed =
        how.in_order ? std::set<UnitKey>{} : suspects(state, presence, agent);
    for (const UnitKey unit : agent.holding) {
        AttemptEnd end;
        end.cause = Cause::agent_lost;
        end.message = fmt::format("agent on {} is gone: {}", agent.node, how.reason);
        if (blamed.contains(unit)) {
            end.ran = std::max(ran_so_far(presence, unit, now), Millis{1});
        }
        effects.facts.push_back(lost_with(state, agent, unit, std::move(end)));
    }
    return effects;
}

// Whether what we know of the allocation's end is to be kept, whatever an agent says. A job that
// was requeued comes again with another end: the one of its first run has passed meanwhile, and
// agents that heard it would leave at once.
bool is_end_known(const AllocationState& allocation, const AgentHello& hello, Now now) {
    if (!allocation.started) return false;
    const bool has_passed = allocation.end_unix != Millis{0} && allocation.end_unix <= now.unix;
    const bool says_later = hello.allocation_left == Millis{0} || hello.allocation_left > end_noise;
    return !has_passed || !says_later;
}

}  // namespace

// Chance can kill an agent while a suspect runs alone: that is forgiven as often as the unit's own
// failures are, and counted apart from them.
bool is_to_blame(const State& state, UnitKey unit) {
    const std::uint32_t deaths = state.unit(unit).agent_deaths;
    const std::uint32_t retries = state.plan().stage(unit.stage).limits.retries;
    constexpr std::uint32_t countable = std::numeric_limits<std::uint8_t>::max();
    return deaths >= std::min(deaths_before_alone + retries, countable);
}

bool is_there(const State& state, const Presence& presence, const AgentState& agent, Now now) {
    const AgentPresence* seen = presence.find(agent.incarnation);
    return seen != nullptr && seen->greeted && !seen->sent_home && !seen->leaving &&
           now.boot - seen->last_heard < state.plan().sweep().tuning.suspect_after;
}

bool lacks_units(const AgentState& agent, const AgentHello& hello) {
    std::set<UnitKey> named;
    for (const AssignedUnit& held : hello.holding)
        named.insert(held.unit);
    return !std::all_of(agent.holding.begin(), agent.holding.end(), [&](UnitKey unit) {
        return named.contains(unit);
    });
}

Effects on_hello(const State& state, const Presence& presence, const AgentHello& hello, Now now) {
    Effects effects;
    const std::uint32_t allocation = hello.allocation.value;
    const bool is_known = allocation > 0 && allocation <= state.allocations().size();
    if (!is_known || state.allocations()[allocation - 1].ended) {
        Leave leave{.reason = "its allocation has ended", .at_once = true};
        effects.messages.push_back(ToAgent{hello.incarnation, std::move(leave)});
        return effects;
    }
    const AgentState* agent = state.find_agent(hello.incarnation);
    if (agent == nullptr || agent->gone) {
        // A node has one agent of an allocation. A new one means that its keeper buried the old.
        for (const std::uint32_t index : state.present_agents()) {
            const AgentState& other = state.agents()[index];
            if (other.allocation != hello.allocation || other.node != hello.node) continue;
            const AgentEnd end{.in_order = false, .reason = "replaced by a new agent of its node"};
            effects.append(on_agents_gone(state, presence, {&other}, end, now));
        }
        effects.facts.push_back(AgentJoined{
            .incarnation = hello.incarnation,
            .allocation = hello.allocation,
            .node = hello.node,
            .capacity = hello.capacity});
    }
    if (!is_end_known(state.allocations()[allocation - 1], hello, now)) {
        const bool endless = hello.allocation_left == Millis{0};
        const Millis end = endless ? Millis{0} : now.unix + hello.allocation_left;
        effects.facts.push_back(AllocationStarted{hello.allocation, end});
    }
    Welcome welcome{
        .epoch = presence.epoch, .superseded = {}, .acknowledged_through = 0, .lends = {}};
    for (const AssignedUnit& held : hello.holding) {
        if (!is_current(state, hello.incarnation, held)) welcome.superseded.push_back(held);
    }
    for (const UnitKey unit : agent == nullptr ? std::vector<UnitKey>{} : agent->lends) {
        welcome.lends.push_back({state.plan().id(unit), AttemptNumber{state.unit(unit).attempt}});
    }
    // What was received and not acknowledged yet is acknowledged when it is durable, not here.
    if (hello.first_unacknowledged > 0) {
        welcome.acknowledged_through = hello.first_unacknowledged - 1;
    }
    effects.messages.push_back(ToAgent{hello.incarnation, std::move(welcome)});
    if (presence.stopping != Stopping::no) {
        Leave leave{.reason = std::string(reason_stop_requested), .at_once = false};
        effects.messages.push_back(ToAgent{hello.incarnation, std::move(leave)});
    }
    return effects;
}

Effects on_short_heartbeats(const State& state, const AgentState& agent) {
    Effects effects;
    AssignKeys keys{.units = {}, .alone = agent.runs_alone};
    const auto flush = [&] {
        if (keys.units.empty()) return;
        effects.messages.push_back(ToAgent{agent.incarnation, keys});
        keys.units.clear();
    };
    for (const UnitKey unit : agent.holding) {
        keys.units.push_back({unit, AttemptNumber{state.unit(unit).attempt}});
        if (keys.units.size() == units_per_message) flush();
    }
    flush();
    return effects;
}

Effects on_agents_gone(
    const State& state,
    const Presence& presence,
    const std::vector<const AgentState*>& agents,
    const AgentEnd& how,
    Now now
) {
    Effects effects;
    std::set<UnitKey> over;
    for (const AgentState* agent : agents) {
        effects.append(give_back_held(state, presence, *agent, how, now));
        over.insert(agent->holding.begin(), agent->holding.end());
    }
    for (const AgentState* agent : agents) {
        for (const UnitKey unit : agent->lends) {
            if (!over.insert(unit).second) continue;
            AttemptEnd end;
            end.cause = Cause::agent_lost;
            end.message =
                fmt::format("agent on {}, one of its nodes, is gone: {}", agent->node, how.reason);
            // The leader would have said that it runs.
            if (!how.in_order) end.ran = ran_so_far(presence, unit, now);
            effects.facts.push_back(lost_with(state, *agent, unit, std::move(end)));
            effects.messages.push_back(stop_of(state, unit, Cause::agent_lost, true));
        }
    }
    for (const AgentState* agent : agents)
        effects.facts.push_back(AgentGone{agent->incarnation, how.in_order, how.reason});
    return effects;
}

Effects on_lender_leaves(const State& state, const Presence& presence, const AgentState& agent) {
    Effects effects;
    const bool on_request = presence.stopping != Stopping::no;
    for (const UnitKey unit : agent.lends) {
        const Cause cause = on_request ? Cause::stop_request : Cause::preempted;
        effects.messages.push_back(stop_of(state, unit, cause, false));
    }
    return effects;
}

std::vector<IncarnationId> lost_agents(const State& state, const Presence& presence, Now now) {
    std::vector<IncarnationId> lost;
    for (const std::uint32_t index : state.present_agents()) {
        const IncarnationId agent = state.agents()[index].incarnation;
        const AgentPresence* seen = presence.find(agent);
        const Millis last = seen == nullptr ? presence.began : seen->last_heard;
        if (now.boot - last >= state.plan().sweep().tuning.lost_after) lost.push_back(agent);
    }
    return lost;
}

}  // namespace xorch
