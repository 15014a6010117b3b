#include "coordinator/report/audit/record_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/check.h"
#include "core/json.h"

namespace xorch {

namespace {

std::string describe_rule(const std::string& name) {
    const CheckRule* rule = find_check_rule(name);
    return rule == nullptr ? std::string() : std::string(rule->doc);
}

Flaw failed_check(UnitKey unit, const std::string& name, std::string detail) {
    const CheckRule* rule = find_check_rule(name);
    const bool told = rule != nullptr && rule->only_told;
    const std::string meaning = describe_rule(name);
    if (!meaning.empty()) detail = detail.empty() ? meaning : meaning + ": " + detail;
    return {told ? FlawKind::told : FlawKind::check, unit, name, std::move(detail)};
}

// What the job found while it ran.
void check_reported(const LastRows& rows, std::vector<Flaw>& flaws) {
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        for (const std::string& name : row.reported)
            flaws.push_back(failed_check(unit, name, "the job reports it"));
    });
}

// Declared, and the job says nothing at all about checks.
void find_unchecked(
    const std::vector<std::string>& names, const LastRows& rows, std::vector<Flaw>& flaws
) {
    if (names.empty()) return;
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        const Value* cell = find_member(row.checked, checks_column);
        if (cell != nullptr && !cell->is_null()) return;
        flaws.push_back(
            {FlawKind::unchecked,
             unit,
             "not checked",
             fmt::format(
                 "its record has no column \"{}\" for {}", checks_column, fmt::join(names, ", ")
             )}
        );
    });
}

void check_range(const Check& check, const LastRows& rows, std::vector<Flaw>& flaws) {
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        const Value* cell = find_member(row.checked, check.column);
        const auto number = cell == nullptr ? std::nullopt : cell->as_number();
        if (!number) {
            flaws.push_back({FlawKind::unchecked, unit, check.name, "no number in " + check.column}
            );
            return;
        }
        // Written so that a NaN is outside every range.
        const bool low = check.at_least && !(*number >= *check.at_least);
        const bool high = check.at_most && !(*number <= *check.at_most);
        if (!low && !high) return;
        flaws.push_back(failed_check(
            unit,
            check.name,
            fmt::format(
                "{} is {}, not {} {}",
                check.column,
                format_plain(*cell),
                low ? "at least" : "at most",
                format_double(low ? *check.at_least : *check.at_most)
            )
        ));
    });
}

void check_present(const Check& check, const LastRows& rows, std::vector<Flaw>& flaws) {
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        const Value* cell = find_member(row.checked, check.column);
        if (cell != nullptr && !cell->is_null()) return;
        flaws.push_back(failed_check(unit, check.name, "no column " + check.column));
    });
}

bool has_axis(const Plan& plan, StageIndex stage, const std::string& axis) {
    const std::vector<std::string> names = plan.axis_names(stage);
    return std::find(names.begin(), names.end(), axis) != names.end();
}

// Axes that advance together with this one say nothing about whether all else is equal.
std::set<std::string> companions(const Stage& stage, const std::string& axis) {
    std::set<std::string> names{axis};
    for (const std::vector<std::string>& group : stage.zip) {
        if (std::find(group.begin(), group.end(), axis) != group.end()) {
            names.insert(group.begin(), group.end());
        }
    }
    return names;
}

// Of units that are equal in everything but the axis, each must have a value of its own.
void check_equal(
    const Plan& plan,
    StageIndex stage,
    const Check& check,
    const LastRows& rows,
    std::vector<Flaw>& flaws
) {
    // An axis that does not vary here makes no difference to look for.
    if (!has_axis(plan, stage, check.axis)) return;
    const std::set<std::string> varying = companions(plan.stage(stage), check.axis);
    std::map<std::string, UnitKey> first_of;
    rows.for_each([&](UnitKey unit, const LastRow& row) {
        const Value* cell = find_member(row.checked, check.column);
        if (cell == nullptr || cell->is_null()) {
            flaws.push_back({FlawKind::unchecked, unit, check.name, "no column " + check.column});
            return;
        }
        Object fixed;
        std::string own;
        for (const auto& [name, value] : plan.parameters(unit)) {
            if (!varying.contains(name)) fixed.emplace_back(name, value);
            if (name == check.axis) own = format_plain(value);
        }
        const std::string group =
            format_canonical_json(Value(std::move(fixed))) + format_canonical_json(*cell);
        const auto [first, is_new] = first_of.emplace(group, unit);
        if (is_new) return;
        const Object other = plan.parameters(first->second);
        const Value* value = find_member(other, check.axis);
        flaws.push_back(failed_check(
            unit,
            check.name,
            fmt::format(
                "{} of {}={} is that of {}={}",
                check.column,
                check.axis,
                own,
                check.axis,
                value == nullptr ? std::string() : format_plain(*value)
            )
        ));
    });
}

// Named by the first unit that the empty group should have.
void check_groups(
    const Plan& plan,
    StageIndex stage,
    const Check& check,
    const LastRows& rows,
    std::vector<Flaw>& flaws
) {
    std::vector<std::string> axes = plan.axis_names(stage);
    if (!check.axis.empty()) axes = {check.axis};
    for (const std::string& axis : axes) {
        std::map<std::string, std::pair<UnitKey, bool>> groups;
        const auto spelled = [&](UnitKey unit) {
            const Object parameters = plan.parameters(unit);
            const Value* value = find_member(parameters, axis);
            return value == nullptr ? std::string("none") : format_plain(*value);
        };
        for (std::uint32_t i = 0; i < plan.unit_count(stage); ++i) {
            const UnitKey unit{stage, i};
            groups.emplace(spelled(unit), std::pair{unit, false});
        }
        rows.for_each([&](UnitKey unit, const LastRow&) {
            groups.find(spelled(unit))->second.second = true;
        });
        for (const auto& [value, group] : groups) {
            if (group.second) continue;
            flaws.push_back(failed_check(group.first, check.name, fmt::format("{}={}", axis, value))
            );
        }
    }
}

}  // namespace

void check_records(
    const Plan& plan, StageIndex stage, const LastRows& rows, std::vector<Flaw>& flaws
) {
    check_reported(rows, flaws);
    std::vector<std::string> reported;
    for (const Check& declared : plan.stage(stage).checks) {
        const Check check = complete_check(declared);
        switch (kind_of(check)) {
            case CheckKind::reported:
                reported.push_back(check.name);
                break;
            case CheckKind::equal:
                check_equal(plan, stage, check, rows, flaws);
                break;
            case CheckKind::range:
                check_range(check, rows, flaws);
                break;
            case CheckKind::present:
                check_present(check, rows, flaws);
                break;
            case CheckKind::group_empty:
                check_groups(plan, stage, check, rows, flaws);
                break;
        }
    }
    find_unchecked(reported, rows, flaws);
}

}  // namespace xorch
