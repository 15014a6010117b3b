#include "coordinator/report/compare/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/text.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::size_t named_max = 20;

Value count_cell(std::size_t count) {
    return Value(static_cast<std::int64_t>(count));
}

template <class Number>
Value cell_or_null(const std::optional<Number>& number) {
    return number ? Value(*number) : Value();
}

std::string better_end(const std::optional<bool>& minimise) {
    if (!minimise) return "";
    return *minimise ? "min" : "max";
}

std::string verdict(const MetricComparison& metric) {
    if (metric.is_regression) return "regression";
    if (metric.n == 0) return "no pairs";
    if (metric.delta == 0.0) return "equal";
    if (!metric.minimise) return metric.delta > 0.0 ? "larger" : "smaller";
    return (metric.delta < 0.0) == *metric.minimise ? "better" : "worse";
}

std::string group_in_words(const Object& group) {
    if (group.empty()) return "all";
    std::vector<std::string> words;
    for (const auto& [name, value] : group)
        words.push_back(fmt::format("{}={}", name, format_plain(value)));
    return fmt::format("{}", fmt::join(words, " "));
}

Object metric_object(const MetricComparison& metric) {
    Object object{
        {"metric", metric.metric}
    };
    if (!metric.group.empty()) object.emplace_back("group", metric.group);
    if (metric.minimise) object.emplace_back("better", better_end(metric.minimise));
    object.emplace_back("verdict", verdict(metric));
    object.emplace_back("n", count_cell(metric.n));
    object.emplace_back("lost", count_cell(metric.lost));
    if (metric.n > 0) {
        object.emplace_back("mean_a", metric.mean_a);
        object.emplace_back("mean_b", metric.mean_b);
        object.emplace_back("delta", metric.delta);
        object.emplace_back("relative", cell_or_null(metric.relative));
        object.emplace_back("baseline_zero", !metric.relative.has_value());
    }
    if (metric.interval) {
        object.emplace_back("ci95_low", metric.interval->low);
        object.emplace_back("ci95_high", metric.interval->high);
    }
    if (metric.test) {
        object.emplace_back("wilcoxon_w", metric.test->w);
        object.emplace_back("wilcoxon_n", count_cell(metric.test->n));
        object.emplace_back("p", metric.test->p);
        object.emplace_back("p_is_exact", metric.test->is_exact);
    }
    if (metric.p_adjusted) object.emplace_back("p_holm", *metric.p_adjusted);
    object.emplace_back("wins", count_cell(metric.wins));
    object.emplace_back("ties", count_cell(metric.ties));
    object.emplace_back("losses", count_cell(metric.losses));
    return object;
}

Array texts(const std::vector<std::string>& list) {
    return {list.begin(), list.end()};
}

std::string list_in_words(const std::vector<std::string>& list) {
    if (list.empty()) return "none";
    const auto end = list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), named_max));
    const std::string more =
        list.size() > named_max ? fmt::format(" and {} more", list.size() - named_max) : "";
    return fmt::format("{} ({}{})", list.size(), fmt::join(list.begin(), end, ", "), more);
}

}  // namespace

Object comparison_json(const SweepComparison& comparison) {
    Array metrics;
    for (const MetricComparison& metric : comparison.metrics)
        metrics.emplace_back(metric_object(metric));
    Array ids;
    for (const IdComparison& each : comparison.ids) {
        ids.emplace_back(Object{
            {"column",  each.column        },
            {"in_both", texts(each.in_both)},
            {"mended",  texts(each.mended) },
            {"broken",  texts(each.broken) }
        });
    }
    Array differences;
    for (const Difference& each : comparison.differences) {
        differences.emplace_back(Object{
            {"name", each.name},
            {"a",    each.a   },
            {"b",    each.b   }
        });
    }
    Object object{
        {"matched_by",  texts(comparison.matched_by) },
        {"axes_only_a", texts(comparison.axes_only_a)},
        {"axes_only_b", texts(comparison.axes_only_b)}
    };
    object.emplace_back("pairs", count_cell(comparison.pairs));
    object.emplace_back("averaged", count_cell(comparison.averaged));
    object.emplace_back("complete", comparison.is_complete());
    object.emplace_back("regression", comparison.has_regression());
    object.emplace_back("only_a", texts(comparison.only_a));
    object.emplace_back("only_b", texts(comparison.only_b));
    object.emplace_back("not_done", texts(comparison.not_done));
    object.emplace_back("incomplete", texts(comparison.incomplete));
    object.emplace_back("differences", std::move(differences));
    object.emplace_back("metrics", std::move(metrics));
    object.emplace_back("ids", std::move(ids));
    return object;
}

std::vector<Column> comparison_columns() {
    std::vector<Column> columns;
    for (const char* name :
         {"group",
          "metric",
          "better",
          "verdict",
          "n",
          "mean_a",
          "mean_b",
          "delta",
          "relative",
          "ci95_low",
          "ci95_high",
          "wilcoxon_w",
          "p",
          "p_holm",
          "wins",
          "ties",
          "losses"})
        columns.push_back({.name = name});
    return columns;
}

std::vector<std::vector<Value>> comparison_rows(const SweepComparison& comparison) {
    std::vector<std::vector<Value>> rows;
    for (const MetricComparison& metric : comparison.metrics) {
        const Object object = metric_object(metric);
        std::vector<Value> row;
        for (const Column& column : comparison_columns()) {
            const Value* value = find_member(object, column.name);
            row.push_back(value == nullptr ? Value() : *value);
        }
        row.front() = group_in_words(metric.group);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<std::string> comparison_lines(const SweepComparison& comparison) {
    TextTable table(
        {Align::left,
         Align::left,
         Align::right,
         Align::right,
         Align::right,
         Align::right,
         Align::right,
         Align::right,
         Align::right,
         Align::left}
    );
    table.add({"group", "metric", "A", "B", "B - A", "change", "95 %", "p (Holm)", "w/t/l", ""});
    for (const MetricComparison& metric : comparison.metrics) {
        const bool has_pairs = metric.n > 0;
        const auto& p = metric.p_adjusted;
        table.add({
            escape_for_terminal(group_in_words(metric.group)),
            escape_for_terminal(metric.metric),
            has_pairs ? fmt::format("{:.6g}", metric.mean_a) : "-",
            has_pairs ? fmt::format("{:.6g}", metric.mean_b) : "-",
            has_pairs ? fmt::format("{:+.4g}", metric.delta) : "-",
            metric.relative ? fmt::format("{:+.2f} %", *metric.relative * 100) : "-",
            metric.interval
                ? fmt::format("{:+.3g} to {:+.3g}", metric.interval->low, metric.interval->high)
                : "-",
            p             ? fmt::format("{:.3g}", *p)
            : metric.test ? fmt::format("({:.3g})", metric.test->p)
                          : "-",
            fmt::format("{}/{}/{}", metric.wins, metric.ties, metric.losses),
            verdict(metric),
        });
    }
    std::vector<std::string> lines = table.lines();
    lines.emplace_back();
    for (const std::string& note : comparison_notes(comparison))
        lines.push_back(escape_for_terminal(note));
    return lines;
}

std::vector<std::string> comparison_notes(const SweepComparison& comparison) {
    std::vector<std::string> notes;
    notes.push_back(
        comparison.matched_by.empty()
            ? fmt::format("all units of A against all of B: no axis is shared")
            : fmt::format(
                  "{} matched by {}",
                  count_of(comparison.pairs, "pair"),
                  fmt::join(comparison.matched_by, ", ")
              )
    );
    if (comparison.averaged > 0) {
        notes.push_back(fmt::format(
            "{} of them compare means of several units", count_of(comparison.averaged, "pair")
        ));
    }
    for (const IdComparison& each : comparison.ids) {
        notes.push_back(fmt::format("{} in both: {}", each.column, list_in_words(each.in_both)));
        notes.push_back(fmt::format("{} mended: {}", each.column, list_in_words(each.mended)));
        notes.push_back(fmt::format("{} newly in B: {}", each.column, list_in_words(each.broken)));
    }
    for (const Difference& each : comparison.differences) {
        const auto told = [](const std::string& text) { return text.empty() ? "(none)" : text; };
        notes.push_back(fmt::format("{}: {} against {}", each.name, told(each.a), told(each.b)));
    }
    for (const std::string& axis : comparison.axes_only_a)
        notes.push_back(fmt::format("{} varies in A only: means over its values are compared", axis)
        );
    for (const std::string& axis : comparison.axes_only_b)
        notes.push_back(fmt::format("{} varies in B only: means over its values are compared", axis)
        );
    const auto add_missing = [&](const char* what, const std::vector<std::string>& units) {
        if (!units.empty()) notes.push_back(fmt::format("{}: {}", what, list_in_words(units)));
    };
    add_missing("only in A", comparison.only_a);
    add_missing("only in B", comparison.only_b);
    add_missing("not done on both sides", comparison.not_done);
    if (!comparison.only_a.empty() || !comparison.only_b.empty() || !comparison.not_done.empty()) {
        notes.emplace_back("incomplete: only matched and finished units are compared");
    }
    notes.insert(notes.end(), comparison.incomplete.begin(), comparison.incomplete.end());
    return notes;
}

}  // namespace xorch
