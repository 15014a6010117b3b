// How a reign ends: complete, paused, stopped, or handed over to the next one.

#include <fmt/format.h>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

constexpr std::string_view reason_complete = "complete";
constexpr std::string_view reason_handed_over = "handed over";

std::uint32_t count_assigned(const State& state) {
    std::uint32_t count = 0;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s)
        count += state.stage(StageIndex{s}).in(UnitPhase::assigned);
    return count;
}

}  // namespace

std::optional<std::string> why_over(const State& state, const Presence& presence, Now now) {
    if (state.complete()) return std::string(reason_complete);
    if (presence.stopping == Stopping::at_once) return std::string(reason_stop_requested);
    if (presence.stopping == Stopping::in_order) {
        // Handed over, the sweep would go on; who has to go ends it while there is time.
        const bool has_to_go = presence.handing_over && now.boot >= presence.hand_over_by;
        if (!state.present_agents().empty() && !has_to_go) return std::nullopt;
        return std::string(reason_stop_requested);
    }
    if (may_hand_over(state, presence, now)) return std::string(reason_handed_over);
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
    if (reason == reason_handed_over) {
        // Agents and allocations go on; the next reign finds them.
        const bool is_stranded = !state.paused() && !has_heir(state, presence, now);
        if (is_stranded && !state.notified("stranded")) {
            std::string text =
                "no job that could go on is queued or running; `xorch resume` asks Slurm again";
            if (!state.refused_for_good().empty()) {
                text += fmt::format(", which refused the next one: {}", state.refused_for_good());
            }
            effects.facts.push_back(NotificationSent{"stranded", text});
            effects.messages.push_back(Notification{"stranded", text});
        }
        effects.facts.push_back(EpochEnded{reason});
        return effects;
    }
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
    }
    // Only now: nobody goes whose node lends to a gang.
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        const bool at_once = presence.stopping == Stopping::at_once;
        effects.facts.push_back(AgentGone{agent.incarnation, true, reason});
        Leave leave{.reason = reason, .at_once = at_once};
        effects.messages.push_back(ToAgent{agent.incarnation, std::move(leave)});
    }
    for (const AllocationState& allocation : state.allocations()) {
        if (allocation.ended) continue;
        effects.facts.push_back(AllocationEnded{allocation.allocation, reason});
        effects.messages.push_back(EndAllocation{allocation.allocation, reason, allocation.started}
        );
    }
    effects.facts.push_back(EpochEnded{reason});
    return effects;
}

}  // namespace xorch
