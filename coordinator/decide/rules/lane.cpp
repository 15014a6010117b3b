// Allocations and the end of a reign.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// So many allocations in a row may end without a finished unit or a newer checkpoint.
constexpr std::uint32_t barren_max = 3;

constexpr std::string_view reason_complete = "complete";

bool is_any_open(const State& state) {
    const std::vector<AllocationState>& all = state.allocations();
    return std::any_of(all.begin(), all.end(), [](const AllocationState& allocation) {
        return !allocation.ended;
    });
}

std::uint32_t count_assigned(const State& state) {
    std::uint32_t count = 0;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s)
        count += state.stage(StageIndex{s}).in(UnitPhase::assigned);
    return count;
}

}  // namespace

Effects on_lane(const State& state, const Presence& presence) {
    Effects effects;
    const bool wanted = !state.paused() && !state.complete() && presence.stopping == Stopping::no;
    if (!wanted || is_any_open(state)) return effects;
    if (state.barren_allocations() >= barren_max) {
        effects.facts.push_back(SweepPaused{fmt::format(
            "{} allocations in a row ended without a finished unit or a newer checkpoint. Give "
            "units more time or let them checkpoint more often; `xorch logs` shows what they did, "
            "`xorch retry` goes on.",
            state.barren_allocations()
        )});
        return effects;
    }
    const AllocationId next{static_cast<std::uint32_t>(state.allocations().size()) + 1};
    const std::string token = fmt::format("e{}a{}", presence.epoch.value, next.value);
    effects.facts.push_back(AllocationIntended{next, token});
    effects.messages.push_back(StartAllocation{next, token});
    return effects;
}

Effects on_allocation(
    const State& state, const Presence& presence, const AllocationEvent& event, Now now
) {
    Effects effects;
    const auto find = [&](AllocationId id) -> const AllocationState* {
        const bool known = id.value > 0 && id.value <= state.allocations().size();
        return known ? &state.allocations()[id.value - 1] : nullptr;
    };
    if (const auto* submitted = std::get_if<AllocationSubmitted>(&event.what)) {
        const AllocationState* known = find(submitted->allocation);
        if (known != nullptr && !known->ended) effects.facts.push_back(*submitted);
        return effects;
    }
    if (const auto* started = std::get_if<AllocationStarted>(&event.what)) {
        const AllocationState* known = find(started->allocation);
        if (known != nullptr && !known->ended) effects.facts.push_back(*started);
        return effects;
    }
    const auto& ended = std::get<AllocationEnded>(event.what);
    const AllocationState* known = find(ended.allocation);
    if (known == nullptr || known->ended) return effects;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        if (agent.allocation != ended.allocation) continue;
        const AgentEnd end{.in_order = false, .reason = "its allocation ended: " + ended.reason};
        effects.append(on_agent_gone(state, presence, agent, end, now));
    }
    const bool on_request = presence.stopping != Stopping::no;
    effects.facts.push_back(AllocationEnded{
        ended.allocation, on_request ? std::string(reason_stop_requested) : ended.reason});
    return effects;
}

std::optional<std::string> why_over(const State& state, const Presence& presence, Now now) {
    if (state.complete()) return std::string(reason_complete);
    if (presence.stopping == Stopping::at_once) return std::string(reason_stop_requested);
    if (presence.stopping == Stopping::in_order) {
        if (!state.present_agents().empty()) return std::nullopt;
        return std::string(reason_stop_requested);
    }
    if (!state.paused() || count_assigned(state) > 0) return std::nullopt;
    // Whoever resumes a paused sweep asks the new reign to continue it; let him speak first.
    const Millis patience = 2 * state.plan().sweep().tuning.inbox_every;
    if (presence.began_paused && now.boot - presence.began < patience) return std::nullopt;
    return "paused";
}

Effects ask_agents_to_leave(const State& state, const Presence& presence) {
    Effects effects;
    for (const std::uint32_t index : state.present_agents()) {
        Leave leave{
            .reason = std::string(reason_stop_requested),
            .at_once = presence.stopping == Stopping::at_once};
        effects.messages.push_back(ToAgent{state.agents()[index].incarnation, std::move(leave)});
    }
    return effects;
}

Effects end_reign(
    const State& state, const Presence& presence, const std::string& reason, Now now
) {
    Effects effects;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        for (const UnitKey unit : agent.holding) {
            AttemptEnd end;
            end.cause = Cause::stop_request;
            end.message = "the user stopped the sweep at once";
            const auto running = presence.running.find(unit);
            if (running != presence.running.end()) end.ran = now.boot - running->second.since;
            const AttemptNumber attempt{state.unit(unit).attempt};
            effects.facts.push_back(UnitGivenBack{unit, attempt, std::move(end)});
        }
        const bool at_once = presence.stopping == Stopping::at_once;
        effects.facts.push_back(AgentGone{agent.incarnation, true, reason});
        Leave leave{.reason = reason, .at_once = at_once};
        effects.messages.push_back(ToAgent{agent.incarnation, std::move(leave)});
    }
    for (const AllocationState& allocation : state.allocations()) {
        if (allocation.ended) continue;
        effects.facts.push_back(AllocationEnded{allocation.allocation, reason});
        effects.messages.push_back(EndAllocation{allocation.allocation, reason});
    }
    effects.facts.push_back(EpochEnded{reason});
    return effects;
}

}  // namespace xorch
