#include "tools/cli/decide/adopt/placement.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "core/json.h"
#include "core/record.h"
#include "core/stop_rule.h"
#include "worker/attempt/records/records_read.h"

namespace xorch {

namespace {

// As a person would say that two cells are equal.
std::string spell(const Value& value) {
    const auto* text = value.get_if<std::string>();
    const Value typed = text == nullptr ? value : typed_cell(*text);
    const auto number = typed.as_number();
    return number ? format_double(*number) : format_plain(typed);
}

class Placer {
 public:
    Placer(const Plan& plan, StageIndex stage)
        : plan_(plan), stage_(stage), axes_(plan.axis_names(stage)) {
        for (std::uint32_t i = 0; i < plan.unit_count(stage); ++i) {
            const UnitKey unit{stage, i};
            units_.emplace(*key_of(plan.parameters(unit)), unit);
        }
    }

    struct Candidate {
        const TreeRow* row = nullptr;
        std::string rows;
    };

    void add(const TreeRow& row, std::vector<std::string>& unplaced) {
        if (const std::string other = other_constant(row.cells); !other.empty()) {
            unplaced.push_back(fmt::format("{}: {}", row.place, other));
            return;
        }
        const auto key = key_of(row.cells);
        const auto found = key ? units_.find(*key) : units_.end();
        if (found == units_.end()) {
            unplaced.push_back(fmt::format(
                "{}: {}", row.place, key ? "the plan has no unit of " + *key : missing_axes(row)
            ));
            return;
        }
        candidates_[found->second].push_back({&row, row.torn.empty() ? record_of(row) : ""});
    }

    const std::map<UnitKey, std::vector<Candidate>>& candidates() const { return candidates_; }

 private:
    // Nothing if an axis is missing that no unit can be without.
    std::optional<std::string> key_of(const Object& cells) const {
        std::string key;
        for (const std::string& axis : axes_) {
            const Value* value = find_member(cells, axis);
            const bool may_miss = may_be_absent(axis);
            if (value == nullptr && !may_miss) return std::nullopt;
            if (value == nullptr) continue;
            key += fmt::format("{}{}={}", key.empty() ? "" : " ", axis, spell(*value));
        }
        return key;
    }

    // A row of another experiment says so by a parameter that is constant here.
    std::string other_constant(const Object& cells) const {
        for (const auto& [name, value] : plan_.stage(stage_).params) {
            const Value* cell = find_member(cells, name);
            if (cell == nullptr || spell(*cell) == spell(value)) continue;
            return fmt::format("its {} is {}, not {}", name, spell(*cell), spell(value));
        }
        return "";
    }

    bool may_be_absent(const std::string& name) const {
        for (const Axis& axis : plan_.stage(stage_).axes) {
            if (axis.name == name) return !axis.when.empty();
        }
        return false;
    }

    std::string missing_axes(const TreeRow& row) const {
        std::vector<std::string> missing;
        for (const std::string& axis : axes_) {
            if (find_member(row.cells, axis) == nullptr) missing.push_back(axis);
        }
        return fmt::format("nothing says its {}", fmt::join(missing, ", "));
    }

    std::string record_of(const TreeRow& row) const {
        const Object parameters = plan_.parameters({stage_, 0});
        Object record;
        for (const Member& cell : row.cells) {
            if (find_member(parameters, cell.first) == nullptr) record.push_back(cell);
        }
        return format_rows({record});
    }

    const Plan& plan_;
    StageIndex stage_;
    std::vector<std::string> axes_;
    std::map<std::string, UnitKey> units_;
    std::map<UnitKey, std::vector<Candidate>> candidates_;
};

Fact refused(UnitKey unit, std::string message) {
    UnitFailed failed{.unit = unit, .attempt = AttemptNumber{0}, .end = {}};
    failed.end.cause = Cause::records;
    failed.end.message = std::move(message);
    return failed;
}

// The first whole one counts, if all others say the same.
void settle(
    UnitKey unit,
    const std::vector<StopRule>& rules,
    const std::vector<Placer::Candidate>& candidates,
    const std::string& from,
    Placement& placement
) {
    const Placer::Candidate* whole = nullptr;
    for (const Placer::Candidate& candidate : candidates) {
        if (!candidate.row->torn.empty()) continue;
        if (whole != nullptr && whole->rows != candidate.rows) {
            ++placement.twice;
            placement.facts.push_back(refused(
                unit,
                fmt::format(
                    "found twice, and they differ: {} and {}",
                    whole->row->place,
                    candidate.row->place
                )
            ));
            return;
        }
        if (whole == nullptr) whole = &candidate;
    }
    if (whole == nullptr) {
        const TreeRow& row = *candidates.front().row;
        ++placement.torn;
        placement.facts.push_back(refused(unit, fmt::format("{}: {}", row.place, row.torn)));
        return;
    }
    ++placement.adopted;
    UnitAdopted adopted{.unit = unit, .from = from + "/" + whole->row->place, .end = {}};
    adopted.end.rows = whole->rows;
    adopted.end = judged(rules, std::move(adopted.end));
    placement.facts.push_back(std::move(adopted));
}

}  // namespace

Placement place_rows(
    const Plan& plan, StageIndex stage, const std::string& from, std::vector<TreeRow> rows
) {
    Placement placement;
    Placer placer(plan, stage);
    for (const TreeRow& row : rows)
        placer.add(row, placement.unplaced);
    const std::vector<StopRule> rules = stop_rules_of(plan.sweep(), plan.stage(stage));
    for (const auto& [unit, candidates] : placer.candidates())
        settle(unit, rules, candidates, from, placement);
    return placement;
}

}  // namespace xorch
