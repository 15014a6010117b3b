#include "core/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/plan_expansion.h"

namespace xorch {

Plan::Plan(std::unique_ptr<Expansion> expansion) : expansion_(std::move(expansion)) {}

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

Result<Plan> Plan::make(Sweep sweep) {
    auto expansion = std::make_unique<Expansion>();
    expansion->sweep = std::move(sweep);
    if (auto prepared = expansion->prepare(); !prepared) return tl::unexpected(prepared.error());
    if (auto expanded = expansion->expand_where_possible(); !expanded) {
        return tl::unexpected(expanded.error());
    }
    return Plan(std::move(expansion));
}

const Sweep& Plan::sweep() const {
    return expansion_->sweep;
}

const Stage& Plan::stage(StageIndex stage) const {
    XORCH_CHECK(stage.value < stage_count(), "no such stage in the plan");
    return expansion_->sweep.stages[stage.value];
}

std::uint32_t Plan::stage_count() const {
    return static_cast<std::uint32_t>(expansion_->stages.size());
}

std::uint32_t Plan::unit_count(StageIndex stage) const {
    XORCH_CHECK(stage.value < stage_count(), "no such stage in the plan");
    return expansion_->stages[stage.value].count;
}

bool Plan::is_expanded(StageIndex stage) const {
    XORCH_CHECK(stage.value < stage_count(), "no such stage in the plan");
    return expansion_->stages[stage.value].expanded;
}

Result<void> Plan::promote(std::uint32_t select, std::span<const UnitKey> chosen) {
    if (select >= sweep().selects.size()) {
        return fail(ErrorCode::invalid_input, fmt::format("no selection number {}", select));
    }
    const Select& rule = sweep().selects[select];
    const auto from = find_stage(sweep(), rule.from);
    std::set<UnitKey> seen;
    for (const UnitKey unit : chosen) {
        const bool known = unit.stage.value == from && unit.index < unit_count(unit.stage);
        if (!known || !seen.insert(unit).second) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "selection \"{}\" chose unit {}/{} twice or from outside stage \"{}\"",
                    rule.name,
                    unit.stage.value,
                    unit.index,
                    rule.from
                )
            );
        }
    }
    const std::vector<ExpandedStage> before = expansion_->stages;
    for (std::uint32_t s = 0; s < stage_count(); ++s) {
        if (expansion_->stages[s].select != select) continue;
        expansion_->inherit(s, chosen);
        expansion_->forget(s);
    }
    auto expanded = expansion_->expand_where_possible();
    if (!expanded) expansion_->stages = before;
    return expanded;
}

Object Plan::parameters(UnitKey unit) const {
    check(unit);
    return expansion_->parameters(unit);
}

Object Plan::axes(UnitKey unit) const {
    check(unit);
    return expansion_->axes(unit);
}

std::optional<UnitKey> Plan::promoted_from(UnitKey unit) const {
    check(unit);
    return expansion_->place(unit).inherited.from;
}

std::vector<std::string> Plan::axis_names(StageIndex stage) const {
    XORCH_CHECK(stage.value < stage_count(), "no such stage in the plan");
    return expansion_->stages[stage.value].axis_names;
}

UnitId Plan::id(UnitKey unit) const {
    check(unit);
    return expansion_->id(unit);
}

std::uint32_t Plan::seed(UnitKey unit) const {
    check(unit);
    return expansion_->seed(unit);
}

std::vector<InputGroup> Plan::inputs(UnitKey unit) const {
    check(unit);
    std::vector<InputGroup> groups;
    for (const Join& join : expansion_->stages[unit.stage.value].joins) {
        groups.push_back({StageIndex{join.upstream}, join.members.row(join.group_of[unit.index])});
    }
    return groups;
}

std::uint32_t Plan::group_count(StageIndex stage, std::uint32_t need) const {
    const Join* join = find_join(stage, need);
    return join == nullptr ? 0 : join->units.count();
}

std::uint32_t Plan::group_of(UnitKey unit, std::uint32_t need) const {
    check(unit);
    return find_join(unit.stage, need)->group_of[unit.index];
}

std::span<const std::uint32_t> Plan::units_of_group(
    StageIndex stage, std::uint32_t need, std::uint32_t group
) const {
    XORCH_CHECK(group < group_count(stage, need), "no such group of inputs");
    return find_join(stage, need)->units.row(group);
}

std::optional<std::uint32_t> Plan::group_fed_by(
    StageIndex stage, std::uint32_t need, std::uint32_t upstream_index
) const {
    const Join* join = find_join(stage, need);
    if (join == nullptr) return std::nullopt;
    XORCH_CHECK(upstream_index < join->fed_group.size(), "no such upstream unit");
    const std::uint32_t group = join->fed_group[upstream_index];
    if (group == Join::nothing) return std::nullopt;
    return group;
}

std::uint32_t Plan::group_size(StageIndex stage, std::uint32_t need, std::uint32_t group) const {
    XORCH_CHECK(group < group_count(stage, need), "no such group of inputs");
    return static_cast<std::uint32_t>(find_join(stage, need)->members.row(group).size());
}

std::optional<UnitKey> Plan::same_unit(UnitKey unit) const {
    check(unit);
    const auto& same = expansion_->stages[unit.stage.value].same;
    const auto at =
        std::lower_bound(same.begin(), same.end(), unit.index, [](const auto& entry, auto index) {
            return entry.first < index;
        });
    if (at == same.end() || at->first != unit.index) return std::nullopt;
    return at->second;
}

std::size_t Plan::memory_bytes() const {
    return expansion_->memory_bytes();
}

void Plan::check(UnitKey unit) const {
    XORCH_CHECK(
        unit.stage.value < stage_count() && unit.index < unit_count(unit.stage),
        "no such unit in the plan"
    );
}

const Join* Plan::find_join(StageIndex stage, std::uint32_t need) const {
    XORCH_CHECK(stage.value < stage_count(), "no such stage in the plan");
    const ExpandedStage& expanded = expansion_->stages[stage.value];
    XORCH_CHECK(need < expanded.needs.size(), "the stage has fewer needs");
    return expanded.expanded ? &expanded.joins[need] : nullptr;
}

}  // namespace xorch
