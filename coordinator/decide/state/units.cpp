// Facts about single units: which phase follows, who holds what, which budget they use up.

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>

#include "coordinator/decide/select/rows.h"
#include "coordinator/decide/state/content.h"
#include "core/planted.h"

namespace xorch {

namespace {

template <class Number>
void count_up(Number& number) {
    if (number < std::numeric_limits<Number>::max()) ++number;
}

// Known stops count against progress only if the attempt ran and somebody else than the user
// stopped it: whoever presses Ctrl-C twice does not mean to fail his units.
bool shows_no_progress(const AttemptEnd& end) {
    return is_known_stop(end.cause) && end.cause != Cause::stop_request && end.ran > Millis{0};
}

// Whether the checkpoint is newer than the newest known one. Where steps are known they decide:
// an attempt that fell back to an older checkpoint repeats steps and makes no progress.
bool is_newer(const UnitState& state, const CheckpointSealed& sealed) {
    if (sealed.step >= 0 && state.checkpoint_step >= 0) return sealed.step > state.checkpoint_step;
    const auto number = [](std::uint64_t attempt, std::uint64_t sequence) {
        return std::pair{attempt, sequence};
    };
    return number(sealed.attempt.value, sealed.sequence) >
           number(state.checkpoint_attempt, state.checkpoint_sequence);
}

}  // namespace

tl::unexpected<Error> impossible(const Plan& plan, UnitKey unit, std::string_view why) {
    const bool known = unit.stage.value < plan.stage_count();
    return fail(
        ErrorCode::corrupted,
        fmt::format(
            "unit {}/{}: {}",
            known ? plan.stage(unit.stage).name : std::to_string(unit.stage.value),
            unit.index,
            why
        )
    );
}

Result<UnitState*> State::Content::find(UnitKey unit) {
    if (unit.stage.value >= stages.size() || unit.index >= stages[unit.stage.value].units.size()) {
        return impossible(plan, unit, "the plan has no such unit");
    }
    return &at(unit);
}

Result<void> State::Content::move(UnitKey unit, UnitEvent event) {
    UnitState& state = at(unit);
    auto next = next_phase(state.phase, event);
    if (planted::has(planted::Bug::counted_twice) && state.phase == UnitPhase::done &&
        event == UnitEvent::finish) {
        next = UnitPhase::done;
    }
    if (!next) {
        return impossible(
            plan,
            unit,
            fmt::format("cannot {} while {}", event_name(event), phase_name(state.phase))
        );
    }
    StageContent& stage = stages[unit.stage.value];
    if (state.phase == UnitPhase::ready) delist(unit);
    if (state.phase == UnitPhase::assigned) release(unit);
    if (state.waits_for_twin) adoptable.erase(unit);
    --stage.state.counts[static_cast<std::size_t>(state.phase)];
    ++stage.state.counts[static_cast<std::size_t>(*next)];
    state.phase = *next;
    if (state.phase == UnitPhase::ready) enlist(unit);
    return {};
}

void State::Content::enlist(UnitKey unit) {
    if (at(unit).agent_deaths >= deaths_before_alone) {
        alone.insert(unit);
    } else {
        stages[unit.stage.value].ready.insert(unit.index);
    }
}

void State::Content::delist(UnitKey unit) {
    stages[unit.stage.value].ready.erase(unit.index);
    if (at(unit).agent_deaths >= deaths_before_alone) alone.erase(unit);
}

void State::Content::hold(std::uint32_t agent, UnitKey unit) {
    agents[agent].holding.push_back(unit);
    ++agents[agent].load[unit.stage.value];
}

void State::Content::release(UnitKey unit) {
    AgentState& agent = agents[at(unit).agent];
    const auto held = std::find(agent.holding.begin(), agent.holding.end(), unit);
    XORCH_CHECK(held != agent.holding.end(), "an assigned unit is not held by its agent");
    agent.holding.erase(held);
    second_opinions.erase(unit);
    if (gangs.contains(unit)) return release_gang(unit);
    std::uint32_t& load = agent.load[unit.stage.value];
    load -= std::min(load, planted::has(planted::Bug::slots_twice) ? 2U : 1U);
    if (agent.is_idle()) agent.runs_alone = false;
}

Result<void> State::Content::assign(const UnitsAssigned& fact) {
    const auto agent = agent_index.find(fact.incarnation);
    if (agent == agent_index.end() || agents[agent->second].gone) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("units assigned to {}, no agent", format_incarnation(fact.incarnation))
        );
    }
    if (auto whole = check_whole(fact); !whole) return whole;
    for (const auto& [unit, attempt] : fact.units) {
        auto state = find(unit);
        if (!state) return tl::unexpected(state.error());
        if (attempt.value <= (*state)->attempt && !planted::has(planted::Bug::attempt_reused)) {
            return impossible(plan, unit, fmt::format("attempt {} was used", attempt.value));
        }
        if (auto moved = move(unit, UnitEvent::assign); !moved) return moved;
        const std::string& node = agents[agent->second].node;
        const bool fails_anew = is_own_failure((*state)->cause) && fact.gang.empty();
        if (fails_anew && agents[(*state)->agent].node != node) {
            second_opinions[unit] = agents[(*state)->agent].node;
        }
        (*state)->attempt = attempt.value;
        (*state)->agent = agent->second;
        if (fact.gang.empty()) {
            hold(agent->second, unit);
        } else {
            hold_gang(unit, fact.gang);
        }
        StageState& stage = stages[unit.stage.value].state;
        const auto is_this = [&](const Canary& canary) { return canary.index == unit.index; };
        if (stage.wave < StageState::last_wave &&
            std::none_of(stage.canaries.begin(), stage.canaries.end(), is_this)) {
            stage.canaries.push_back({.index = unit.index});
        }
    }
    agents[agent->second].runs_alone = fact.alone;
    for (const GangShare& share : fact.gang)
        agent_of(share).runs_alone = fact.alone;
    return {};
}

void State::Content::count_end(UnitState& state, const AttemptEnd& end) {
    state.cause = end.cause;
    state.ran_ms += static_cast<std::uint64_t>(std::max(end.ran, Millis{0}).count());
}

Result<void> State::Content::finish(UnitKey unit, const AttemptEnd& end, FactLocation at_fact) {
    if (auto moved = move(unit, UnitEvent::finish); !moved) return moved;
    UnitState& state = at(unit);
    count_end(state, end);
    state.cause = Cause::none;
    state.result = at_fact;
    state.rows_hash = XXH3_64bits(end.rows.data(), end.rows.size());
    StageContent& stage = stages[unit.stage.value];
    if (!stage.readers.empty()) stage.metrics[unit.index].clear();
    for (const std::uint32_t select : stage.readers)
        stage.metrics[unit.index].emplace_back(read_rows(end.rows, plan.sweep().selects[select]));
    barren = 0;
    standing.erase(unit);
    on_done(unit);
    return {};
}

Result<void> State::Content::give_up(UnitKey unit, const AttemptEnd& end, FactLocation at_fact) {
    if (auto moved = move(unit, UnitEvent::find_hopeless); !moved) return moved;
    UnitState& state = at(unit);
    count_end(state, end);
    state.cause = Cause::hopeless;
    state.result = at_fact;
    barren = 0;
    on_hopeless(unit);
    return {};
}

Result<void> State::Content::give_back(const UnitGivenBack& fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    UnitState& unit = **state;
    if (unit.attempt != fact.attempt.value) {
        return impossible(plan, fact.unit, "an attempt that is not current was given back");
    }
    if (unit.phase != UnitPhase::assigned) {
        return impossible(plan, fact.unit, "given back by nobody");
    }
    count_end(unit, fact.end);
    if (is_own_failure(fact.end.cause)) {
        count_up(unit.own_failures);
        on_failed_at(agents[unit.agent].node, fact.unit);
    }
    if (shows_no_progress(fact.end)) count_up(unit.stalled_stops);
    // A node that keeps ranks apart is known, and to blame.
    const bool died = fact.end.cause == Cause::agent_lost && fact.end.ran > Millis{0} &&
                      fact.end.unfit_node.empty();
    if (died) count_up(unit.agent_deaths);
    if (auto moved = move(fact.unit, UnitEvent::give_back); !moved) return moved;
    // An input was reopened while it ran: the next attempt is to see the new one.
    return unit.unmet_inputs > 0 ? move(fact.unit, UnitEvent::reopen) : Result<void>();
}

Result<void> State::Content::fail_unit(const UnitFailed& fact, FactLocation at_fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    if ((*state)->attempt != fact.attempt.value) {
        return impossible(plan, fact.unit, "failed by an attempt that is not current");
    }
    // A result of somebody else's that cannot be used (`xorch adopt`) was made on no node of ours.
    const bool ran = fact.attempt.value > 0;
    if (ran && is_own_failure(fact.end.cause)) {
        on_failed_at(agents[(*state)->agent].node, fact.unit);
    }
    if (auto moved = move(fact.unit, UnitEvent::fail); !moved) return moved;
    count_end(**state, fact.end);
    (*state)->result = at_fact;
    for (Canary& canary : stages[fact.unit.stage.value].state.canaries) {
        if (canary.index != fact.unit.index) continue;
        canary = {
            .index = canary.index,
            .failed = true,
            .cause = fact.end.cause,
            .exit_code = fact.end.exit_code,
            .signal = fact.end.signal,
            .message = fact.end.message,
            .tail = fact.end.tail};
    }
    if (!first_failure) {
        first_failure = FirstFailure{fact.unit, fact.end.cause, fact.end.message, fact.end.tail};
    }
    on_lost(fact.unit);
    return {};
}

Result<void> State::Content::seal(const CheckpointSealed& fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    UnitState& unit = **state;
    const bool current = unit.phase == UnitPhase::assigned || unit.phase == UnitPhase::ready;
    if (!current || unit.attempt != fact.attempt.value) {
        return impossible(plan, fact.unit, "a checkpoint of an attempt that is not current");
    }
    if (!is_newer(unit, fact)) return {};
    if (unit.phase == UnitPhase::ready) delist(fact.unit);
    // Without steps nobody can tell progress from repetition, and a unit that kills its agents
    // after each checkpoint would go on for ever.
    if (fact.step >= 0) unit.agent_deaths = 0;
    if (unit.phase == UnitPhase::ready) enlist(fact.unit);
    unit.checkpoint_step = std::max(unit.checkpoint_step, fact.step);
    unit.checkpoint_attempt = fact.attempt.value;
    unit.checkpoint_sequence = static_cast<std::uint32_t>(fact.sequence);
    unit.stalled_stops = 0;
    barren = 0;
    return {};
}

}  // namespace xorch
