// When selections are decided: as soon as their stage is final, or, where a gate holds one, when
// somebody has looked.

#include <fmt/format.h>

#include "coordinator/decide/rules/rules.h"
#include "coordinator/decide/select/gate.h"
#include "coordinator/decide/select/selection.h"
#include "core/planted.h"

namespace xorch {

namespace {

// Nothing else can go on: what a gate holds must not stop what it does not.
bool all_else_rests(const State& state) {
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageState& stage = state.stage(StageIndex{s});
        if (stage.in(UnitPhase::ready) + stage.in(UnitPhase::assigned) > 0) return false;
    }
    return true;
}

void wait_for_approval(const State& state, const Gate& gate, Effects& effects) {
    if (state.paused() || !all_else_rests(state)) return;
    effects.facts.push_back(SweepPaused{reason_of_gate(gate)});
}

StageIndex stage_of(const State& state, const Select& select) {
    return StageIndex{*find_stage(state.plan().sweep(), select.from)};
}

SelectionDecided decide_by_rule(const State& state, std::uint32_t number) {
    const Select& rule = state.plan().sweep().selects[number];
    const StageIndex from = stage_of(state, rule);
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 0; i < state.plan().unit_count(from); ++i) {
        const UnitKey unit{from, i};
        const UnitPhase phase = state.unit(unit).phase;
        candidates.push_back(
            {.unit = unit,
             .params = state.plan().parameters(unit),
             .metrics = state.metrics(number, unit),
             .is_done = phase == UnitPhase::done,
             .is_hopeless = phase == UnitPhase::hopeless}
        );
    }
    Decision decision = decide(rule, candidates);
    return {number, std::move(decision.chosen), std::move(decision.explanation)};
}

bool is_due(const State& state, std::uint32_t number) {
    const SelectState& known = state.select(number);
    const Select& rule = state.plan().sweep().selects[number];
    return (!known.decided || known.stale) && state.is_final(stage_of(state, rule));
}

}  // namespace

Effects watch_selections(const State& state, const Presence& presence) {
    Effects effects;
    const Sweep& sweep = state.plan().sweep();
    for (std::uint32_t s = 0; s < sweep.selects.size(); ++s) {
        const bool forgotten = planted::has(planted::Bug::selection_twice) &&
                               !presence.selected[s] &&
                               state.is_final(stage_of(state, sweep.selects[s]));
        if (!is_due(state, s) && !forgotten) continue;
        const Gate* gate = gate_before(sweep, sweep.selects[s].name);
        if (gate != nullptr && !planted::has(planted::Bug::gate_ignored)) {
            wait_for_approval(state, *gate, effects);
            if (!effects.facts.empty()) return effects;
            continue;
        }
        effects.facts.push_back(decide_by_rule(state, s));
        // It may give units to the stage of the next one.
        return effects;
    }
    return effects;
}

Result<Effects> judge_gate(const State& state, const GateJudgement& judgement) {
    const Sweep& sweep = state.plan().sweep();
    for (std::uint32_t s = 0; s < sweep.selects.size(); ++s) {
        const Gate* gate = gate_before(sweep, sweep.selects[s].name);
        if (gate == nullptr || gate->name != judgement.gate) continue;
        if (!is_due(state, s)) {
            const bool decided = state.select(s).decided && !state.select(s).stale;
            return fail(
                ErrorCode::usage,
                fmt::format(
                    "gate {}: selection {} {}; `xorch status` shows how the sweep stands",
                    gate->name,
                    gate->select,
                    decided ? "is decided already" : "cannot be made yet, its stage is not final"
                )
            );
        }
        SelectionDecided fact = decide_by_rule(state, s);
        if (judgement.refuses) fact.chosen.clear();
        fact.explanation += fmt::format(
            "\n{} at gate {}{}{}",
            judgement.refuses ? "refused" : "approved",
            gate->name,
            judgement.note.empty() ? "" : ": ",
            judgement.note
        );
        Effects effects;
        effects.facts.emplace_back(std::move(fact));
        if (state.paused() && gate_that_paused(sweep, state.pause_reason()) == gate)
            effects.facts.emplace_back(SweepContinued{});
        return effects;
    }
    std::vector<std::string> names;
    for (const Gate& gate : sweep.gates)
        names.push_back(gate.name);
    return fail(
        ErrorCode::usage,
        names.empty()
            ? "this sweep has no [[gate]]"
            : fmt::format(
                  "there is no gate \"{}\"; there are {}", judgement.gate, fmt::join(names, ", ")
              )
    );
}

}  // namespace xorch
