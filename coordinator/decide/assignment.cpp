// What an agent must know to run one attempt. The state names inputs by their place in the journal;
// their records are read only here, just before sending.

#include <fmt/format.h>

#include "coordinator/decide/reign.h"
#include "core/json.h"
#include "core/layout.h"

namespace xorch {

namespace {

// Room in a frame for everything that is not inputs.
constexpr std::size_t inputs_bytes_max = frame_bytes_max / 2;

Result<Value> describe_input(
    const State& state, UnitKey unit, const SweepLayout& layout, RowSource& rows
) {
    const Plan& plan = state.plan();
    UnitState input = state.unit(unit);
    if (input.waits_for_twin) {
        // An adopted unit's files are where its twin wrote them.
        input.attempt = state.unit(*plan.same_unit(unit)).attempt;
    }
    const bool is_hopeless = input.phase == UnitPhase::hopeless;
    auto text = is_hopeless ? Result<std::string>("") : rows.rows(input.result);
    if (!text) return tl::unexpected(text.error());
    const auto records = parse_rows(*text);
    if (!records) return tl::unexpected(records.error());
    Array list;
    for (const Object& record : *records)
        list.emplace_back(record);
    Object member;
    member.emplace_back("stage", Value(plan.stage(unit.stage).name));
    member.emplace_back("unit", Value(format_unit_id(plan.id(unit))));
    member.emplace_back("params", Value(plan.parameters(unit)));
    const AttemptNumber attempt{input.attempt};
    member.emplace_back("dir", Value(layout.output(plan.id(unit), attempt)));
    member.emplace_back("records", Value(std::move(list)));
    if (is_hopeless) member.emplace_back("hopeless", Value(true));
    return Value(std::move(member));
}

}  // namespace

bool may_be_sent(const State& state, AssignedUnit unit) {
    if (!state.has_unit(unit.unit)) return false;
    if (!state.plan().stage(unit.unit.stage).resources.is_gang()) return true;
    return state.gangs().contains(unit.unit) && state.unit(unit.unit).attempt == unit.attempt.value;
}

Result<Assignment> assignment(
    const State& state, AssignedUnit unit, bool alone, const SweepLayout& layout, RowSource& rows
) {
    const Plan& plan = state.plan();
    Assignment result;
    result.unit = unit.unit;
    result.attempt = unit.attempt;
    result.id = plan.id(unit.unit);
    result.params = format_json(Value(plan.parameters(unit.unit)));
    result.seed = plan.seed(unit.unit);
    result.alone = alone;
    if (const auto gang = state.gangs().find(unit.unit); gang != state.gangs().end()) {
        for (const GangShare& share : gang->second)
            result.hosts.push_back({state.find_agent(share.agent)->node, share.ranks});
    }
    const Limits& limits = plan.stage(unit.unit.stage).limits;
    if (limits.timeout > Millis{0}) {
        const Millis ran{static_cast<std::int64_t>(state.unit(unit.unit).ran_ms)};
        result.timeout_left = std::max(limits.timeout - ran, Millis{1});
    }
    if (plan.stage(unit.unit.stage).needs.empty()) return result;
    std::string& inputs = result.inputs;
    for (const InputGroup& group : plan.inputs(unit.unit)) {
        for (const std::uint32_t index : group.indices) {
            const auto input = describe_input(state, {group.stage, index}, layout, rows);
            if (!input) return fail_with_context(input.error(), "reading the records of an input");
            inputs += inputs.empty() ? "[" : ",";
            inputs += format_json(*input);
            if (inputs.size() <= inputs_bytes_max) continue;
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "unit {}/{}: the records of its inputs do not fit {} bytes",
                    plan.stage(unit.unit.stage).name,
                    unit.unit.index,
                    inputs_bytes_max
                )
            );
        }
    }
    inputs += inputs.empty() ? "[]" : "]";
    return result;
}

}  // namespace xorch
