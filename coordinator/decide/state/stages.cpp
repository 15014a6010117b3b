// Stages get their units: at the start, and again when a selection is decided (anew).

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/decide/state/content.h"
#include "core/planted.h"

namespace xorch {

State::Content::Content(Plan the_plan) : plan(std::move(the_plan)) {
    make_stages();
}

void State::Content::make_stages() {
    const Sweep& sweep = plan.sweep();
    stages.resize(plan.stage_count());
    selects.resize(sweep.selects.size());
    for (std::uint32_t s = 0; s < sweep.selects.size(); ++s)
        stages[*find_stage(sweep, sweep.selects[s].from)].readers.push_back(s);
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (const std::string& name : sweep.stages[s].needs) {
            const StageIndex upstream{*find_stage(sweep, name)};
            const auto need = static_cast<std::uint32_t>(stages[s].needs.size());
            stages[s].needs.push_back(
                {.upstream = upstream, .missing = {}, .lost = {}, .hopeless = {}}
            );
            stages[upstream.value].dependants.push_back({StageIndex{s}, need});
        }
        if (!sweep.stages[s].canary) stages[s].state.wave = StageState::last_wave;
        clear_stage(StageIndex{s});
    }
    for (std::uint32_t s = 0; s < stages.size(); ++s)
        link_needs(StageIndex{s});
    link_twins();
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (std::uint32_t i = 0; i < stages[s].units.size(); ++i)
            settle_waiting({StageIndex{s}, i});
    }
}

// As many waiting units as the plan says now, none of them tried.
void State::Content::clear_stage(StageIndex stage) {
    StageContent& content = stages[stage.value];
    const std::uint32_t count = plan.unit_count(stage);
    content.units.assign(count, UnitState{.attempt = content.attempts_used});
    content.ready.resize(count);
    content.metrics.assign(content.readers.empty() ? 0 : count, Array{});
    content.state.counts = {};
    content.state.counts[static_cast<std::size_t>(UnitPhase::waiting)] = count;
    content.state.canaries.clear();
}

void State::Content::link_needs(StageIndex stage) {
    StageContent& content = stages[stage.value];
    for (UnitState& unit : content.units)
        unit.unmet_inputs = 0;
    if (!plan.is_expanded(stage)) return;
    for (std::uint32_t n = 0; n < content.needs.size(); ++n) {
        Need& need = content.needs[n];
        const std::uint32_t groups = plan.group_count(stage, n);
        need.missing.assign(groups, 0);
        need.lost.assign(groups, 0);
        need.hopeless.assign(groups, 0);
        for (std::uint32_t group = 0; group < groups; ++group)
            need.missing[group] = plan.group_size(stage, n, group);
        const std::vector<UnitState>& upstream = stages[need.upstream.value].units;
        for (std::uint32_t i = 0; i < upstream.size(); ++i) {
            if (!xorch::is_final(upstream[i].phase)) continue;
            const auto group = plan.group_fed_by(stage, n, i);
            if (!group) continue;
            const UnitPhase phase = upstream[i].phase;
            if (phase == UnitPhase::done || phase == UnitPhase::hopeless) --need.missing[*group];
            if (phase == UnitPhase::hopeless) ++need.hopeless[*group];
            if (phase == UnitPhase::failed || phase == UnitPhase::cancelled) ++need.lost[*group];
        }
        for (std::uint32_t i = 0; i < content.units.size(); ++i) {
            if (need.missing[plan.group_of({stage, i}, n)] > 0) ++content.units[i].unmet_inputs;
        }
    }
}

void State::Content::link_twins() {
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (std::uint32_t i = 0; i < stages[s].units.size(); ++i) {
            UnitState& unit = stages[s].units[i];
            const UnitKey key{StageIndex{s}, i};
            // One that was begun under this name is not taken back.
            const bool may_wait = unit.phase == UnitPhase::waiting || unit.waits_for_twin;
            const auto same = may_wait ? plan.same_unit(key) : std::nullopt;
            unit.waits_for_twin = same.has_value();
        }
    }
    index_twins();
}

void State::Content::index_twins() {
    twins.clear();
    adoptable.clear();
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        for (std::uint32_t i = 0; i < stages[s].units.size(); ++i) {
            const UnitState& unit = stages[s].units[i];
            if (!unit.waits_for_twin) continue;
            const UnitKey key{StageIndex{s}, i};
            const UnitKey same = *plan.same_unit(key);
            twins[same].push_back(key);
            if (is_adoptable(same) && unit.phase == UnitPhase::waiting) adoptable.insert(key);
        }
    }
}

// Those that promote the selection, and those that need one of them.
std::vector<StageIndex> State::Content::stages_filled_by(std::uint32_t select) const {
    std::vector<bool> filled(stages.size(), false);
    for (std::uint32_t s = 0; s < stages.size(); ++s)
        filled[s] = plan.sweep().stages[s].promote == plan.sweep().selects[select].name;
    for (bool more = true; more;) {
        more = false;
        for (std::uint32_t s = 0; s < stages.size(); ++s) {
            const bool needs_filled =
                std::any_of(stages[s].needs.begin(), stages[s].needs.end(), [&](const Need& need) {
                    return filled[need.upstream.value];
                });
            if (filled[s] || !needs_filled) continue;
            filled[s] = true;
            more = true;
        }
    }
    std::vector<StageIndex> result;
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
        if (filled[s]) result.push_back(StageIndex{s});
    }
    return result;
}

std::vector<UnitId> State::Content::ids_of(StageIndex stage) const {
    std::vector<UnitId> ids;
    for (std::uint32_t i = 0; i < stages[stage.value].units.size(); ++i)
        ids.push_back(plan.id({stage, i}));
    return ids;
}

Result<void> State::Content::decide(const SelectionDecided& fact) {
    if (fact.select >= selects.size()) {
        return fail(ErrorCode::corrupted, fmt::format("selection {} is not there", fact.select));
    }
    SelectState& select = selects[fact.select];
    if (select.decided && !select.stale && !planted::has(planted::Bug::selection_twice)) {
        return fail(ErrorCode::corrupted, fmt::format("selection {} decided twice", fact.select));
    }
    const bool same = select.decided && select.chosen == fact.chosen;
    select = {
        .decided = true,
        .refused = fact.chosen.empty(),
        .chosen = fact.chosen,
        .explanation = fact.explanation};
    if (same) return {};
    const std::vector<StageIndex> filled = stages_filled_by(fact.select);
    std::vector<std::vector<UnitId>> old_ids;
    for (const StageIndex stage : filled)
        old_ids.push_back(ids_of(stage));
    if (auto promoted = plan.promote(fact.select, fact.chosen); !promoted) {
        return fail_with_context(promoted.error(), fmt::format("selection {}", fact.select));
    }
    for (std::size_t i = 0; i < filled.size(); ++i)
        refill(filled[i], old_ids[i]);
    for (const StageIndex stage : filled)
        link_needs(stage);
    link_twins();
    for (const StageIndex stage : filled) {
        for (std::uint32_t i = 0; i < stages[stage.value].units.size(); ++i)
            settle_waiting({stage, i});
    }
    return {};
}

// What is in the same place and still the same unit keeps what it reached; everything else begins
// anew, with attempts above those that were used in this stage before.
void State::Content::refill(StageIndex stage, const std::vector<UnitId>& old_ids) {
    StageContent& content = stages[stage.value];
    const std::uint32_t count = plan.unit_count(stage);
    const auto is_same = [&](std::uint32_t i) {
        return i < count && plan.id({stage, i}) == old_ids[i];
    };
    for (std::uint32_t i = 0; i < old_ids.size(); ++i) {
        const UnitState& unit = content.units[i];
        if (!is_same(i)) standing.erase({stage, i});
        content.attempts_used = std::max(content.attempts_used, unit.attempt);
        if (unit.phase == UnitPhase::ready) delist({stage, i});
        if (unit.phase == UnitPhase::assigned && !is_same(i)) release({stage, i});
    }
    const std::vector<UnitState> old = std::move(content.units);
    std::vector<Array> old_metrics = std::move(content.metrics);
    clear_stage(stage);
    for (std::uint32_t i = 0; i < old.size(); ++i) {
        if (!is_same(i)) continue;
        UnitState& unit = content.units[i];
        unit = old[i];
        const bool keeps_phase = unit.phase == UnitPhase::assigned ||
                                 (xorch::is_final(unit.phase) && unit.cause != Cause::upstream);
        if (!keeps_phase) unit.phase = UnitPhase::waiting;
        --content.state.counts[static_cast<std::size_t>(UnitPhase::waiting)];
        ++content.state.counts[static_cast<std::size_t>(unit.phase)];
        if (!content.readers.empty()) content.metrics[i] = std::move(old_metrics[i]);
    }
    for (std::size_t s = 0; s < selects.size(); ++s) {
        const bool reads = find_stage(plan.sweep(), plan.sweep().selects[s].from) == stage.value;
        if (reads && selects[s].decided) selects[s].stale = true;
    }
}

}  // namespace xorch
