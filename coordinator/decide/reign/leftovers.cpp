// What may live on where it ran: attempts that were taken from an agent without its report, and
// ranks of gangs on the nodes that lent to them.

#include <algorithm>
#include <utility>

#include "coordinator/decide/reign/live.h"
#include "core/planted.h"

namespace xorch {

namespace {

template <class... Facts>
bool has_any(const FactBatch& batch) {
    return std::any_of(batch.facts.begin(), batch.facts.end(), [](const Fact& fact) {
        return (std::holds_alternative<Facts>(fact) || ...);
    });
}

bool has_end(const FactBatch& batch, AssignedUnit attempt) {
    const auto is_end = [&](const auto& fact) {
        if constexpr (requires {
                          fact.end.ran;
                          fact.attempt;
                      }) {
            return fact.unit == attempt.unit && fact.attempt == attempt.attempt;
        } else {
            return false;
        }
    };
    return std::any_of(batch.facts.begin(), batch.facts.end(), [&](const Fact& fact) {
        return std::visit(is_end, fact);
    });
}

}  // namespace

// A selection decided anew may replace units that agents hold; others are cancelled.
std::vector<HeldAttempt> Reign::Live::takeable_units(const FactBatch& batch) const {
    std::vector<HeldAttempt> held;
    if (!has_any<SelectionDecided, UnitsCancelled>(batch)) return held;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        for (const UnitKey unit : agent.holding)
            held.push_back({
                agent.incarnation, {unit, AttemptNumber{state.unit(unit).attempt}}
            });
    }
    return held;
}

void Reign::Live::stop_taken_units(
    Now now, const std::vector<HeldAttempt>& held, Effects& effects
) {
    const Sweep& sweep = state.plan().sweep();
    for (const auto& [agent, attempt] : held) {
        const bool is_there = state.has_unit(attempt.unit);
        const UnitPhase phase = is_there ? state.unit(attempt.unit).phase : UnitPhase::cancelled;
        const bool is_current = phase == UnitPhase::assigned &&
                                state.unit(attempt.unit).attempt == attempt.attempt.value;
        if (is_current) continue;
        const Millis grace = sweep.stages[attempt.unit.stage.value].limits.grace;
        take(now, agent, attempt, 2 * grace + unheard_for());
        // Whoever cancels asks it to stop in order.
        if (is_there && phase == UnitPhase::cancelled) continue;
        const StopAttempt stop{
            .unit = attempt.unit,
            .attempt = attempt.attempt,
            .cause = Cause::superseded,
            .at_once = true};
        effects.messages.emplace_back(ToAgent{agent, stop});
    }
}

// Those that the batch may end.
std::vector<HeldGang> Reign::Live::held_gangs(const FactBatch& batch) const {
    std::vector<HeldGang> held;
    if (state.gangs().empty()) return held;
    const bool any = has_any<SelectionDecided, UnitsCancelled>(batch);
    for (const auto& [unit, shares] : state.gangs()) {
        const AssignedUnit attempt{unit, AttemptNumber{state.unit(unit).attempt}};
        if (!any && !has_end(batch, attempt)) continue;
        held.push_back({attempt, state.plan().id(unit), shares});
    }
    return held;
}

// Said before anything else can be given to the slots of the nodes that lent.
void Reign::Live::end_ranks(
    Now now, const std::vector<HeldGang>& held, const FactBatch& batch, Effects& effects
) {
    for (const HeldGang& gang : held) {
        const UnitKey unit = gang.attempt.unit;
        const bool is_current =
            state.gangs().contains(unit) && state.unit(unit).attempt == gang.attempt.attempt.value;
        if (is_current) continue;
        const IncarnationId leader = gang.shares.front().agent;
        // Its leader said how it ended, so that nothing of it is left anywhere.
        const bool over = has_end(batch, gang.attempt) && !has_any<AgentGone>(batch);
        for (const GangShare& share : gang.shares) {
            if (!is_present(share.agent)) continue;
            if (!over) take(now, share.agent, gang.attempt, unheard_for());
            const bool lends = share.agent != leader;
            if (!lends || planted::has(planted::Bug::end_ranks_forgotten)) continue;
            const EndRanks message{gang.id, gang.attempt.attempt};
            effects.messages.emplace_back(ToAgent{share.agent, message});
        }
    }
}

void Reign::Live::take(Now now, IncarnationId agent, AssignedUnit attempt, Millis lives_for) {
    std::vector<TakenAttempt>& taken = presence.agents[agent].taken;
    std::erase_if(taken, [&](const TakenAttempt& each) { return each.until <= now.boot; });
    taken.push_back({attempt, now.boot + lives_for});
}

// An agent that says hello may have missed what it was told before: it starts again. Its welcome
// tells it once more.
void Reign::Live::renew_taken(Now now, IncarnationId agent) {
    for (TakenAttempt& each : presence.agents[agent].taken) {
        if (each.until > now.boot) each.until = std::max(each.until, now.boot + unheard_for());
    }
}

// What an agent is told reaches it on the connection that it has, in order; if nothing does, it
// says hello on another one after `lost_after`, or is gone. One that has not by then, and not a
// while later, has heard it. So nothing rests on what an agent does that hears nothing.
Millis Reign::Live::unheard_for() const {
    const Tuning& tuning = state.plan().sweep().tuning;
    return tuning.lost_after + tuning.suspect_after;
}

// What the agent was just told to kill.
void Reign::Live::remember_superseded(Now now, IncarnationId agent, const Effects& said) {
    for (const Outgoing& message : said.messages) {
        const auto* to = std::get_if<ToAgent>(&message);
        const auto* welcome = to == nullptr ? nullptr : std::get_if<Welcome>(&to->message);
        if (welcome == nullptr) continue;
        for (const AssignedUnit& attempt : welcome->superseded)
            take(now, agent, attempt, unheard_for());
    }
}

// Those whose gangs have ended.
void Reign::Live::lose_leavers(Now now) {
    if (presence.leavers.empty()) return;
    for (const IncarnationId agent : std::exchange(presence.leavers, {})) {
        if (!is_present(agent)) continue;
        if (!state.find_agent(agent)->lends.empty()) {
            presence.leavers.push_back(agent);
            continue;
        }
        const std::string reason = presence.agents[agent].farewell.value_or("");
        lose(now, agent, {.in_order = true, .reason = reason});
    }
}

}  // namespace xorch
