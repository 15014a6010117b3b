#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "coordinator/decide/select/gate.h"
#include "coordinator/report/status.h"

namespace xorch {

namespace {

std::vector<std::string> unfinished_needs(const State& state, const Stage& stage) {
    std::vector<std::string> names;
    for (const std::string& need : stage.needs) {
        const auto index = find_stage(state.plan().sweep(), need);
        if (!index) continue;
        const StageState& needed = state.stage(StageIndex{*index});
        const bool open = needed.in(UnitPhase::waiting) + needed.in(UnitPhase::ready) +
                              needed.in(UnitPhase::assigned) >
                          0;
        if (open || !state.plan().is_expanded(StageIndex{*index})) names.push_back(need);
    }
    return names;
}

StageStatus make_stage(const State& state, StageIndex index) {
    const Stage& stage = state.plan().stage(index);
    StageStatus made;
    made.name = stage.name;
    made.counts = state.stage(index).counts;
    made.waits_for = unfinished_needs(state, stage);
    if (!state.plan().is_expanded(index)) made.selection = stage.promote;
    return made;
}

bool is_newer(const FailedUnit& left, const FailedUnit& right) {
    const auto order = [](const FactLocation& at) {
        return std::tuple(at.segment, at.offset, at.fact);
    };
    return order(left.fact) > order(right.fact);
}

// Failures that followed from another one are counted, not listed: the other one explains them.
bool is_consequence(Cause cause) {
    return cause == Cause::upstream || cause == Cause::gate_not_met;
}

// Counts every failed unit of the stage by cause and keeps the newest in `newest`.
void look_at_failures(
    const State& state, StageIndex index, StageStatus& stage, std::vector<FailedUnit>& newest
) {
    if (stage.in(UnitPhase::failed) == 0) return;
    std::map<Cause, std::uint32_t> counts;
    const std::uint32_t units = state.plan().unit_count(index);
    for (std::uint32_t i = 0; i < units; ++i) {
        const UnitKey key{index, i};
        const UnitState& unit = state.unit(key);
        if (unit.phase != UnitPhase::failed) continue;
        ++counts[unit.cause];
        if (is_consequence(unit.cause)) continue;
        FailedUnit failed;
        failed.unit.key = key;
        failed.cause = unit.cause;
        failed.attempt = AttemptNumber{unit.attempt};
        failed.fact = unit.result;
        newest.push_back(std::move(failed));
        if (newest.size() < 2 * status_units_max) continue;
        std::nth_element(newest.begin(), newest.begin() + status_units_max, newest.end(), is_newer);
        newest.resize(status_units_max);
    }
    for (const auto& [cause, number] : counts) {
        stage.failed_by.push_back({.cause = cause, .units = number});
    }
}

std::vector<RunningUnit> list_running(const State& state, const std::vector<LiveUnit>& live) {
    std::map<UnitKey, Millis> since;
    for (const LiveUnit& unit : live) {
        since[unit.unit.unit] = unit.since_unix;
    }
    std::vector<RunningUnit> running;
    for (const AgentState& agent : state.agents()) {
        for (const UnitKey key : agent.holding) {
            const auto known = since.find(key);
            RunningUnit unit;
            unit.unit.key = key;
            unit.attempt = AttemptNumber{state.unit(key).attempt};
            unit.node = agent.node;
            if (const auto gang = state.gangs().find(key); gang != state.gangs().end()) {
                for (std::size_t i = 1; i < gang->second.size(); ++i)
                    unit.other_nodes.push_back(state.find_agent(gang->second[i].agent)->node);
            }
            if (known != since.end()) unit.since_unix = known->second;
            running.push_back(std::move(unit));
        }
    }
    // Those that really run come first, the longest first; what is queued only if there is room.
    std::stable_sort(running.begin(), running.end(), [](const auto& left, const auto& right) {
        const auto rank = [](const RunningUnit& unit) {
            return std::tuple(unit.since_unix.count() == 0, unit.since_unix, unit.unit.key);
        };
        return rank(left) < rank(right);
    });
    if (running.size() > status_units_max) running.resize(status_units_max);
    for (RunningUnit& unit : running) {
        unit.unit = name_unit(state.plan(), unit.unit.key);
    }
    return running;
}

std::vector<SelectStatus> list_selects(const State& state) {
    std::vector<SelectStatus> decided;
    const auto& selects = state.plan().sweep().selects;
    for (std::uint32_t i = 0; i < selects.size(); ++i) {
        const SelectState& select = state.select(i);
        if (!select.decided) continue;
        SelectStatus status{
            .name = selects[i].name,
            .refused = select.refused,
            .chosen = {},
            .explanation = select.explanation};
        for (const UnitKey key : select.chosen) {
            if (status.chosen.size() == status_units_max) break;
            status.chosen.push_back(name_unit(state.plan(), key));
        }
        decided.push_back(std::move(status));
    }
    return decided;
}

SweepPhase phase_of(const State& state, const StatusMoment& moment) {
    if (state.complete()) return SweepPhase::complete;
    if (moment.ended) {
        const bool on_slurm = state.plan().sweep().backend == BackendKind::slurm;
        const bool goes_on = on_slurm && state.has_open_allocations();
        return goes_on ? SweepPhase::queued : SweepPhase::stopped;
    }
    return state.paused() ? SweepPhase::paused : SweepPhase::running;
}

}  // namespace

SweepStatus make_status(
    const State& state, const StatusMoment& moment, const std::vector<LiveUnit>& live
) {
    SweepStatus status;
    status.sweep = state.plan().sweep().name;
    status.at_unix = moment.at_unix;
    status.epoch = moment.epoch;
    status.bytes = moment.bytes;
    status.holder = moment.holder;
    status.phase = phase_of(state, moment);
    if (state.paused()) status.pause_reason = state.pause_reason();
    if (const Gate* gate = gate_that_paused(state.plan().sweep(), status.pause_reason)) {
        status.gate = gate->name;
    }
    for (std::uint32_t i = 0; i < state.plan().stage_count(); ++i) {
        StageStatus stage = make_stage(state, StageIndex{i});
        look_at_failures(state, StageIndex{i}, stage, status.failed);
        status.stages.push_back(std::move(stage));
    }
    std::sort(status.failed.begin(), status.failed.end(), is_newer);
    if (status.failed.size() > status_units_max) status.failed.resize(status_units_max);
    for (FailedUnit& failed : status.failed) {
        failed.unit = name_unit(state.plan(), failed.unit.key);
    }
    status.running = list_running(state, live);
    for (const AgentState& agent : state.agents()) {
        if (agent.gone) continue;
        status.agents.push_back(
            {.node = agent.node,
             .allocation = agent.allocation,
             .capacity = agent.capacity,
             .units = static_cast<std::uint32_t>(agent.holding.size() + agent.lends.size())}
        );
    }
    for (const AllocationState& allocation : state.allocations()) {
        if (allocation.ended) continue;
        status.allocations.push_back(
            {.allocation = allocation.allocation,
             .job = allocation.job,
             .started = allocation.started,
             .end_unix = allocation.end_unix}
        );
    }
    for (const auto& [node, reason] : state.blamed_nodes())
        status.blamed.push_back({node, reason});
    if (!state.complete()) status.refusal = state.refused_for_good();
    status.on_slurm = state.plan().sweep().backend == BackendKind::slurm;
    status.selects = list_selects(state);
    return status;
}

UnitName name_unit(const Plan& plan, UnitKey unit) {
    UnitName name;
    name.key = unit;
    name.id = format_unit_id(plan.id(unit));
    name.place = fmt::format("{}/{}", plan.stage(unit.stage).name, unit.index);
    const Object parameters = plan.parameters(unit);
    for (const std::string& axis : plan.axis_names(unit.stage)) {
        const Value* value = find_member(parameters, axis);
        if (value == nullptr) continue;
        if (!name.values.empty()) name.values += ' ';
        name.values += fmt::format("{}={}", axis, format_plain(*value));
    }
    return name;
}

}  // namespace xorch
