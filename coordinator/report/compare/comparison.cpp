#include "coordinator/report/compare/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "coordinator/report/compare/differences.h"
#include "coordinator/report/compare/pairing.h"
#include "core/statistics/adjustment.h"
#include "core/statistics/bootstrap.h"

namespace xorch {

namespace {

// Numbers of any unit, in the order of their first appearance.
std::vector<std::string> numeric_columns(const ComparedSide& side) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const ComparedUnit& unit : side.units) {
        for (const auto& [name, value] : unit.metrics) {
            if (value.as_number() && seen.insert(name).second) names.push_back(name);
        }
    }
    return names;
}

std::vector<MetricQuestion> asked_metrics(
    const ComparedSide& a, const ComparedSide& b, const CompareQuestion& question
) {
    if (!question.metrics.empty()) return question.metrics;
    const std::vector<std::string> in_b = numeric_columns(b);
    std::vector<MetricQuestion> metrics;
    for (const std::string& name : numeric_columns(a)) {
        const bool is_shared = std::find(in_b.begin(), in_b.end(), name) != in_b.end();
        const bool holds_ids =
            std::find(question.ids.begin(), question.ids.end(), name) != question.ids.end();
        if (is_shared && !holds_ids) metrics.push_back({.metric = name});
    }
    return metrics;
}

// How often B is better than A, by the better end.
void count_outcome(MetricComparison& result, double difference) {
    if (difference == 0.0) {
        ++result.ties;
    } else if ((difference < 0.0) == result.minimise.value_or(false)) {
        ++result.wins;
    } else {
        ++result.losses;
    }
}

using Pairs = std::vector<const UnitPair*>;

MetricComparison compare_metric(
    const MetricQuestion& question, const Object& group, const Pairs& pairs, std::uint64_t seed
) {
    MetricComparison result{.metric = question.metric, .group = group};
    result.minimise = question.minimise;
    std::vector<double> differences;
    for (const UnitPair* pair : pairs) {
        const auto before = mean_metric(pair->a, question.metric);
        const auto after = mean_metric(pair->b, question.metric);
        if (before && !after) {
            ++result.lost;
            ++result.losses;
        }
        if (!before || !after) continue;
        result.mean_a += *before;
        result.mean_b += *after;
        differences.push_back(*after - *before);
        count_outcome(result, differences.back());
    }
    result.n = differences.size();
    if (result.n > 0) {
        const auto n = static_cast<double>(result.n);
        result.mean_a /= n;
        result.mean_b /= n;
        result.delta = mean_of(differences);
        if (result.mean_a != 0.0) result.relative = result.delta / std::abs(result.mean_a);
        result.test = signed_rank_test(differences);
    }
    if (result.n > 1) result.interval = bootstrap_mean_interval(differences, {.seed = seed});
    if (question.allowed_loss && question.minimise) {
        const double loss = *question.minimise ? result.delta : -result.delta;
        result.is_regression = result.lost > 0 || (result.n > 0 && loss > *question.allowed_loss);
    }
    return result;
}

void adjust_for_all_metrics(std::vector<MetricComparison>& metrics) {
    std::vector<double> p;
    for (const MetricComparison& metric : metrics) {
        if (metric.test) p.push_back(metric.test->p);
    }
    const std::vector<double> adjusted = adjust_for_any_error(p);
    std::size_t next = 0;
    for (MetricComparison& metric : metrics) {
        if (metric.test) metric.p_adjusted = adjusted[next++];
    }
}

// Groups by the values of the asked axes, in the order of the pairs.
std::vector<std::pair<Object, Pairs>> group_pairs(
    const Pairs& pairs, const std::vector<std::string>& by
) {
    std::vector<std::pair<Object, Pairs>> groups;
    for (const UnitPair* pair : pairs) {
        Object values;
        for (const std::string& axis : by) {
            if (const Value* value = find_member(pair->point, axis)) {
                values.emplace_back(axis, *value);
            }
        }
        auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& each) {
            return each.first == values;
        });
        if (group == groups.end()) group = groups.insert(groups.end(), {std::move(values), {}});
        group->second.push_back(pair);
    }
    return groups;
}

std::set<std::string> ids_in(
    const std::vector<const ComparedUnit*>& units, const std::string& column
) {
    std::set<std::string> ids;
    for (const ComparedUnit* unit : units) {
        const Value* cell = find_member(unit->metrics, column);
        if (cell == nullptr) continue;
        for (std::string& id : parse_ids(*cell))
            ids.insert(std::move(id));
    }
    return ids;
}

// Numbers in their own order, then names.
void sort_ids(std::vector<std::string>& ids) {
    const auto is_number = [](const std::string& id) {
        return std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    std::sort(ids.begin(), ids.end(), [&](const std::string& x, const std::string& y) {
        if (is_number(x) && is_number(y) && x.size() != y.size()) return x.size() < y.size();
        return x < y;
    });
}

IdComparison compare_ids(const Pairs& pairs, const std::string& column) {
    std::set<std::string> in_a;
    std::set<std::string> in_b;
    for (const UnitPair* pair : pairs) {
        in_a.merge(ids_in(pair->a, column));
        in_b.merge(ids_in(pair->b, column));
    }
    IdComparison result{.column = column};
    for (const std::string& id : in_a)
        (in_b.contains(id) ? result.in_both : result.mended).push_back(id);
    for (const std::string& id : in_b) {
        if (!in_a.contains(id)) result.broken.push_back(id);
    }
    for (auto* ids : {&result.in_both, &result.mended, &result.broken})
        sort_ids(*ids);
    return result;
}

bool has_column(const ComparedSide& side, const std::string& name) {
    return std::any_of(side.units.begin(), side.units.end(), [&](const ComparedUnit& unit) {
        return find_member(unit.metrics, name) != nullptr;
    });
}

bool has_results(const ComparedSide& side) {
    return std::any_of(side.units.begin(), side.units.end(), [](const ComparedUnit& unit) {
        return !unit.metrics.empty();
    });
}

// A metric needs a baseline; a list of ids may be new in B, or left out where it is empty.
Result<void> check_columns(
    const CompareQuestion& question, const ComparedSide& a, const ComparedSide& b
) {
    const auto refuse = [&](const std::string& column) {
        return fail(
            ErrorCode::usage,
            fmt::format(
                "no record of A has a column {}; numbers are in {}",
                column,
                fmt::join(numeric_columns(a), ", ")
            )
        );
    };
    if (!has_results(a)) return {};
    for (const MetricQuestion& metric : question.metrics) {
        if (!has_column(a, metric.metric)) return refuse(metric.metric);
    }
    for (const std::string& column : question.ids) {
        if (!has_column(a, column) && !has_column(b, column)) return refuse(column);
    }
    return {};
}

Result<void> check_groups(
    const std::vector<std::string>& by, const std::vector<std::string>& matched
) {
    for (const std::string& axis : by) {
        if (std::find(matched.begin(), matched.end(), axis) != matched.end()) continue;
        return fail(
            ErrorCode::usage,
            fmt::format(
                "--by {}: units are matched by {}",
                axis,
                matched.empty() ? "no axis" : fmt::format("{}", fmt::join(matched, ", "))
            )
        );
    }
    return {};
}

// Tells matched pairs from what is on one side only.
Pairs sort_out(const std::vector<UnitPair>& pairs, SweepComparison& result) {
    Pairs matched;
    for (const UnitPair& pair : pairs) {
        if (pair.b.empty()) {
            for (const ComparedUnit* unit : pair.a)
                result.only_a.push_back(unit->name);
        } else if (pair.a.empty()) {
            for (const ComparedUnit* unit : pair.b)
                result.only_b.push_back(unit->name);
        } else {
            ++result.pairs;
            if (pair.a.size() > 1 || pair.b.size() > 1) ++result.averaged;
            if (pair.is_done()) {
                matched.push_back(&pair);
            } else {
                result.not_done.push_back(pair.a.front()->name);
            }
        }
    }
    return matched;
}

}  // namespace

bool SweepComparison::has_regression() const {
    return std::any_of(metrics.begin(), metrics.end(), [](const MetricComparison& metric) {
        return metric.is_regression;
    });
}

Result<SweepComparison> compare_sides(
    const ComparedSide& a, const ComparedSide& b, const CompareQuestion& question
) {
    Matching matching = match_axes(a, b);
    auto sensible = check_columns(question, a, b);
    if (sensible) sensible = check_groups(question.by, matching.by);
    if (!sensible) return tl::unexpected(sensible.error());
    SweepComparison result;
    result.matched_by = std::move(matching.by);
    result.axes_only_a = std::move(matching.only_a);
    result.axes_only_b = std::move(matching.only_b);
    if (!a.incompleteness.empty()) result.incomplete.push_back("A: " + a.incompleteness);
    if (!b.incompleteness.empty()) result.incomplete.push_back("B: " + b.incompleteness);
    const std::vector<UnitPair> pairs = pair_units(a, b, result.matched_by);
    const Pairs matched = sort_out(pairs, result);
    result.differences = find_differences(a, b);
    const std::vector<MetricQuestion> metrics = asked_metrics(a, b, question);
    for (const MetricQuestion& metric : metrics)
        result.metrics.push_back(compare_metric(metric, {}, matched, question.seed));
    adjust_for_all_metrics(result.metrics);
    if (!question.by.empty()) {
        for (const auto& [values, members] : group_pairs(matched, question.by)) {
            for (const MetricQuestion& metric : metrics) {
                MetricQuestion in_group = metric;
                in_group.allowed_loss.reset();  // what is stated is stated of all
                result.metrics.push_back(compare_metric(in_group, values, members, question.seed));
            }
        }
    }
    for (const std::string& column : question.ids)
        result.ids.push_back(compare_ids(matched, column));
    return result;
}

}  // namespace xorch
