// What follows along `needs` when a unit is done, lost, cancelled or revived. Inputs are counted
// per group of units that wait for the same ones, so that a million units with common inputs cost
// one counter.

#include <algorithm>

#include "coordinator/decide/state/content.h"
#include "core/planted.h"

namespace xorch {

namespace {

bool is_lost(UnitPhase phase) {
    return phase == UnitPhase::failed || phase == UnitPhase::cancelled;
}

// Propagation follows the table of phases by construction: an impossible step is a bug here.
void must(const Result<void>& moved) {
    XORCH_CHECK(moved.has_value(), moved.error().message);
}

}  // namespace

void State::Content::settle_waiting(UnitKey unit) {
    const UnitState& state = at(unit);
    if (state.phase != UnitPhase::waiting) return;
    if (has_lost_inputs(unit)) {
        fail_for_inputs(unit);
    } else if (has_hopeless_inputs(unit)) {
        give_up_for_inputs(unit);
    } else if (state.waits_for_twin) {
        if (is_adoptable(*plan.same_unit(unit))) adoptable.insert(unit);
    } else if (state.unmet_inputs == 0) {
        must(move(unit, UnitEvent::inputs_met));
    }
}

// A fact says how the twin ended. One that is hopeless for its inputs has none.
bool State::Content::is_adoptable(UnitKey twin) const {
    const UnitState& state = at(twin);
    return state.phase == UnitPhase::done ||
           (state.phase == UnitPhase::hopeless && state.cause == Cause::hopeless);
}

bool State::Content::has_lost_inputs(UnitKey unit) const {
    const std::vector<Need>& needs = stages[unit.stage.value].needs;
    for (std::uint32_t n = 0; n < needs.size(); ++n) {
        if (needs[n].lost[plan.group_of(unit, n)] > 0) return true;
    }
    if (!at(unit).waits_for_twin) return false;
    return is_lost(at(*plan.same_unit(unit)).phase);
}

// One of the needs has nothing to offer. What has something is worth running: it is told which of
// its inputs are hopeless.
bool State::Content::has_hopeless_inputs(UnitKey unit) const {
    const std::vector<Need>& needs = stages[unit.stage.value].needs;
    for (std::uint32_t n = 0; n < needs.size(); ++n) {
        const std::uint32_t group = plan.group_of(unit, n);
        const std::uint32_t hopeless = needs[n].hopeless[group];
        if (hopeless > 0 && hopeless == plan.group_size(unit.stage, n, group)) return true;
    }
    if (!at(unit).waits_for_twin) return false;
    const UnitKey twin = *plan.same_unit(unit);
    return at(twin).phase == UnitPhase::hopeless && !is_adoptable(twin);
}

void State::Content::on_done(UnitKey unit) {
    for (const Dependant& dependant : stages[unit.stage.value].dependants) {
        const auto group = plan.group_fed_by(dependant.stage, dependant.need, unit.index);
        if (group) on_input_there(dependant, *group);
    }
    if (const auto found = twins.find(unit); found != twins.end()) {
        for (const UnitKey twin : found->second)
            settle_waiting(twin);
    }
}

void State::Content::on_hopeless(UnitKey unit) {
    for (const auto& [stage, need] : stages[unit.stage.value].dependants) {
        const auto group = plan.group_fed_by(stage, need, unit.index);
        if (!group || planted::has(planted::Bug::hopeless_inputs_run)) continue;
        ++stages[stage.value].needs[need].hopeless[*group];
    }
    on_done(unit);
}

void State::Content::on_input_there(const Dependant& dependant, std::uint32_t group) {
    const auto& [stage, need] = dependant;
    if (--stages[stage.value].needs[need].missing[group] > 0) return;
    for (const std::uint32_t index : plan.units_of_group(stage, need, group)) {
        --stages[stage.value].units[index].unmet_inputs;
        settle_waiting({stage, index});
    }
}

void State::Content::on_lost(UnitKey unit) {
    for (const auto& [stage, need] : stages[unit.stage.value].dependants) {
        const auto group = plan.group_fed_by(stage, need, unit.index);
        if (!group || ++stages[stage.value].needs[need].lost[*group] > 1) continue;
        for (const std::uint32_t index : plan.units_of_group(stage, need, *group))
            fail_for_inputs({stage, index});
    }
    if (const auto found = twins.find(unit); found != twins.end()) {
        for (const UnitKey twin : found->second)
            fail_for_inputs(twin);
    }
}

void State::Content::fail_for_inputs(UnitKey unit) {
    if (at(unit).phase != UnitPhase::waiting) return;
    must(move(unit, UnitEvent::fail));
    at(unit).cause = Cause::upstream;
    on_lost(unit);
}

void State::Content::give_up_for_inputs(UnitKey unit) {
    must(move(unit, UnitEvent::find_hopeless));
    at(unit).cause = Cause::upstream;
    on_hopeless(unit);
}

Result<void> State::Content::cancel(const UnitsCancelled& fact) {
    std::vector<UnitKey> cancelled;
    for (const auto& [stage, first, count] : fact.ranges) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const UnitKey unit{stage, first + i};
            auto state = find(unit);
            if (!state) return tl::unexpected(state.error());
            if (xorch::is_final((*state)->phase)) continue;
            if (planted::has(planted::Bug::cancelled_reports) &&
                (*state)->phase == UnitPhase::assigned)
                continue;
            must(move(unit, UnitEvent::cancel));
            (*state)->cause = Cause::cancelled;
            cancelled.push_back(unit);
        }
    }
    // Only now: what was asked to be cancelled is cancelled, not failed for its inputs.
    for (const UnitKey unit : cancelled)
        on_lost(unit);
    return {};
}

Result<void> State::Content::revive(const UnitsRevived& fact) {
    std::vector<UnitKey> todo;
    for (const auto& [stage, first, count] : fact.ranges) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const UnitKey unit{stage, first + i};
            auto state = find(unit);
            if (!state) return tl::unexpected(state.error());
            if (is_lost((*state)->phase)) todo.push_back(unit);
        }
    }
    std::vector<UnitKey> revived;
    while (!todo.empty()) {
        const UnitKey unit = todo.back();
        todo.pop_back();
        if (!is_lost(at(unit).phase)) continue;
        revive_unit(unit, todo);
        revived.push_back(unit);
    }
    for (const UnitKey unit : revived)
        settle_waiting(unit);
    notified.erase("done");
    notified.erase("first_failure");
    first_failure.reset();
    barren = 0;
    return {};
}

// A new budget, and selections that chose from its stage choose again.
void State::Content::renew(UnitKey unit) {
    UnitState& state = at(unit);
    state.cause = Cause::none;
    state.own_failures = 0;
    state.agent_deaths = 0;
    state.stalled_stops = 0;
    state.ran_ms = 0;
    state.result = {};
    for (Canary& canary : stages[unit.stage.value].state.canaries) {
        if (canary.index == unit.index) canary = {.index = unit.index};
    }
    for (SelectState& select : selects) {
        const auto number = static_cast<std::size_t>(&select - selects.data());
        const auto from = find_stage(plan.sweep(), plan.sweep().selects[number].from);
        if (select.decided && from == unit.stage.value) select.stale = true;
    }
}

// Whoever waits for it, waits again; whoever is done or runs already keeps what it was given.
Result<void> State::Content::reopen(const UnitReopened& fact) {
    auto found = find(fact.unit);
    if (!found) return tl::unexpected(found.error());
    if ((*found)->phase != UnitPhase::done) {
        return impossible(plan, fact.unit, "reopened before it was done");
    }
    must(move(fact.unit, UnitEvent::reopen));
    renew(fact.unit);
    (*found)->rows_hash = 0;
    // A late repetition of the result that counted, from a spool for example, must not count again.
    if (!planted::has(planted::Bug::reopened_attempt_kept)) ++(*found)->attempt;
    standing.insert_or_assign(fact.unit, fact.rows);
    StageContent& own = stages[fact.unit.stage.value];
    if (!own.readers.empty()) own.metrics[fact.unit.index].clear();
    for (const auto& [stage, need] : own.dependants) {
        const auto group = plan.group_fed_by(stage, need, fact.unit.index);
        if (!group || ++stages[stage.value].needs[need].missing[*group] > 1) continue;
        for (const std::uint32_t index : plan.units_of_group(stage, need, *group)) {
            UnitState& dependant = stages[stage.value].units[index];
            ++dependant.unmet_inputs;
            if (dependant.phase == UnitPhase::ready) must(move({stage, index}, UnitEvent::reopen));
        }
    }
    if (const auto same = twins.find(fact.unit); same != twins.end()) {
        for (const UnitKey twin : same->second)
            adoptable.erase(twin);
    }
    notified.erase("done");
    barren = 0;
    settle_waiting(fact.unit);
    return {};
}

// Also wants revived: the lost inputs that the unit waits for, and the units that failed only
// because of it.
void State::Content::revive_unit(UnitKey unit, std::vector<UnitKey>& more) {
    must(move(unit, UnitEvent::revive));
    renew(unit);
    const UnitState& state = at(unit);
    const auto fails_for_inputs = [&](UnitKey other) {
        return at(other).phase == UnitPhase::failed && at(other).cause == Cause::upstream &&
               !has_lost_inputs(other);
    };
    for (const auto& [stage, need] : stages[unit.stage.value].dependants) {
        const auto group = plan.group_fed_by(stage, need, unit.index);
        if (!group || --stages[stage.value].needs[need].lost[*group] > 0) continue;
        for (const std::uint32_t index : plan.units_of_group(stage, need, *group)) {
            if (fails_for_inputs({stage, index})) more.push_back({stage, index});
        }
    }
    if (const auto found = twins.find(unit); found != twins.end()) {
        std::copy_if(
            found->second.begin(), found->second.end(), std::back_inserter(more), fails_for_inputs
        );
    }
    if (state.waits_for_twin) more.push_back(*plan.same_unit(unit));
    const std::vector<Need>& needs = stages[unit.stage.value].needs;
    if (needs.empty() || !has_lost_inputs(unit)) return;
    for (const InputGroup& group : plan.inputs(unit)) {
        for (const std::uint32_t index : group.indices)
            more.push_back({group.stage, index});
    }
}

}  // namespace xorch
