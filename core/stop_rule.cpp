#include "core/stop_rule.h"

#include <fmt/format.h>

#include <cmath>

#include "core/condition.h"
#include "core/record.h"

namespace xorch {

namespace {

bool is_nan(const Value& value) {
    const auto* number = value.get_if<double>();
    return number != nullptr && std::isnan(*number);
}

double step_of(const Object& row, std::size_t index) {
    for (const char* name : {"step", "epoch"}) {
        const Value* value = find_member(row, name);
        const auto number = value == nullptr ? std::nullopt : value->as_number();
        if (number && std::isfinite(*number)) return *number;
    }
    return static_cast<double>(index + 1);
}

bool holds(const StopRule& rule, const Object& row) {
    const Value* value = find_member(row, rule.condition.metric);
    // Elsewhere NaN satisfies nothing; a rule that asks for it means it.
    const bool asks_for_nan = rule.condition.is && is_nan(*rule.condition.is);
    if (asks_for_nan) return value != nullptr && is_nan(*value);
    return satisfies(rule.condition, value);
}

}  // namespace

std::vector<StopRule> stop_rules_of(const Sweep& sweep, const Stage& stage) {
    std::vector<StopRule> rules;
    for (const StopRule& rule : sweep.stops) {
        if (rule.stage.empty() || rule.stage == stage.name) rules.push_back(rule);
    }
    return rules;
}

std::optional<Hopeless> find_hopeless(
    const std::vector<StopRule>& rules, const std::vector<Object>& rows
) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double step = step_of(rows[i], i);
        for (const StopRule& rule : rules) {
            if (step < static_cast<double>(rule.from_step) || !holds(rule, rows[i])) continue;
            return Hopeless{
                .row = i,
                .reason = fmt::format(
                    "{} ({} at step {:g}): a [[stop]] rule gives it up",
                    format_condition(rule.condition),
                    format_plain(*find_member(rows[i], rule.condition.metric)),
                    step
                )};
        }
    }
    return std::nullopt;
}

AttemptEnd judged(const std::vector<StopRule>& rules, AttemptEnd end) {
    if (!is_outcome(end.cause)) return end;
    if (end.cause == Cause::hopeless) end.message.clear();
    end.cause = Cause::none;
    auto rows = rules.empty() ? Result<std::vector<Object>>() : parse_rows(end.rows);
    const auto hopeless = rows ? find_hopeless(rules, *rows) : std::nullopt;
    if (!hopeless) return end;
    rows->resize(hopeless->row + 1);
    end.cause = Cause::hopeless;
    end.message = hopeless->reason;
    end.rows = format_rows(*rows);
    return end;
}

}  // namespace xorch
