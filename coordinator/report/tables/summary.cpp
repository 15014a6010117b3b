#include "coordinator/report/tables/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "coordinator/report/text.h"
#include "core/json.h"
#include "core/statistics/interval.h"

namespace xorch {

namespace {

std::optional<std::size_t> place_of(const std::vector<Column>& columns, std::string_view name) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == name) return i;
    }
    return std::nullopt;
}

// Values of these parameters; null for one that does not exist at this point.
std::vector<Value> values_of(const Object& parameters, const std::vector<std::string>& names) {
    std::vector<Value> values;
    for (const std::string& name : names) {
        const Value* value = find_member(parameters, name);
        values.push_back(value == nullptr ? Value() : *value);
    }
    return values;
}

// Metrics that are a number in the last row of some unit, in column order.
Result<std::vector<std::string>> numeric_metrics(RecordTable& table) {
    std::set<std::size_t> numeric;
    const auto visited = table.visit_results([&](const TableRow& row) -> Result<void> {
        if (!row.is_last) return {};
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            const bool is_metric = table.columns()[i].kind == ColumnKind::metric;
            if (is_metric && row.cells[i].as_number()) numeric.insert(i);
        }
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    std::vector<std::string> names;
    for (const std::size_t place : numeric) {
        names.push_back(table.columns()[place].name);
    }
    return names;
}

// Groups in order of appearance.
class Groups {
 public:
    explicit Groups(SummaryTable& summary) : summary_(summary) {}

    GroupSummary& of(std::vector<Value> values) {
        const auto [place, is_new] =
            places_.emplace(format_json(Value(Array(values))), summary_.groups.size());
        if (is_new) {
            GroupSummary group;
            group.values = std::move(values);
            group.metrics.resize(summary_.metrics.size());
            summary_.groups.push_back(std::move(group));
        }
        return summary_.groups[place->second];
    }

 private:
    SummaryTable& summary_;
    std::map<std::string, std::size_t> places_;
};

// Every unit of the plan belongs to a group, also those that have no row yet: a group that lacks
// some must say so.
void count_units(
    const SweepReader& sweep, StageIndex stage, SummaryTable& summary, Groups& groups
) {
    const std::uint32_t units = sweep.plan().unit_count(stage);
    for (std::uint32_t i = 0; i < units; ++i) {
        const UnitKey unit{stage, i};
        const Object parameters = sweep.plan().parameters(unit);
        GroupSummary& group = groups.of(values_of(parameters, summary.by));
        ++group.units;
        const UnitPhase phase = sweep.state().unit(unit).phase;
        if (phase == UnitPhase::done) ++group.done;
        if (phase == UnitPhase::hopeless) ++group.hopeless;
    }
}

// The values behind the curves: a group without the budget, a metric, a budget.
class CurvePoints {
 public:
    CurvePoints(const Summary& asked, const std::vector<std::string>& metrics)
        : budget_(asked.curve), metrics_(metrics) {
        for (const std::string& name : asked.by) {
            if (name != budget_) by_.push_back(name);
        }
    }

    void add(const Object& parameters, std::size_t metric, const Value& cell) {
        const Value* budget = find_member(parameters, budget_);
        const auto n = budget == nullptr ? std::nullopt : budget->as_number();
        const auto number = cell.as_number();
        // A power law has no value at 0.
        if (!n || !(*n > 0) || !number || !std::isfinite(*number)) return;
        Object group;
        for (const std::string& name : by_) {
            if (const Value* value = find_member(parameters, name))
                group.emplace_back(name, *value);
        }
        const std::string key = format_json(Value(group));
        Series& series =
            series_.try_emplace({key, metric}, Series{std::move(group), {}}).first->second;
        series.points[*n].push_back(*number);
    }

    std::vector<BudgetCurve> fit(std::int64_t seed) {
        std::vector<BudgetCurve> curves;
        for (auto& [key, series] : series_) {
            std::vector<BudgetPoint> points;
            for (auto& [budget, values] : series.points)
                points.push_back({.budget = budget, .values = std::move(values)});
            curves.push_back(make_curve(std::move(points), static_cast<std::uint64_t>(seed)));
            curves.back().group = series.group;
            curves.back().metric = metrics_[key.second];
        }
        return curves;
    }

 private:
    struct Series {
        Object group;
        std::map<double, std::vector<double>> points;
    };

    std::string budget_;
    std::vector<std::string> by_;
    const std::vector<std::string>& metrics_;
    std::map<std::pair<std::string, std::size_t>, Series> series_;
};

Object metric_json(const std::string& name, const MetricSummary& metric) {
    Object object{
        {"metric", name                               },
        {"n",      static_cast<std::int64_t>(metric.n)}
    };
    if (metric.n >= 1) {
        object.emplace_back("mean", metric.mean);
    }
    if (metric.n >= 2) {
        object.emplace_back("sd", metric.deviation());
    }
    if (metric.n >= 1) {
        object.emplace_back("min", metric.min);
        object.emplace_back("max", metric.max);
    }
    if (metric.n >= 2) {
        object.emplace_back("ci95_low", metric.mean - metric.half_interval());
        object.emplace_back("ci95_high", metric.mean + metric.half_interval());
    }
    object.emplace_back("nan", static_cast<std::int64_t>(metric.nan));
    object.emplace_back("infinite", static_cast<std::int64_t>(metric.infinite));
    object.emplace_back("missing", static_cast<std::int64_t>(metric.missing));
    return object;
}

// "0.8123 ± 0.0231", and what did not enter it.
std::string metric_text(const MetricSummary& metric) {
    std::string text = "-";
    if (metric.n == 1) text = fmt::format("{:.4g}", metric.mean);
    if (metric.n >= 2) text = fmt::format("{:.4g} ± {:.2g}", metric.mean, metric.half_interval());
    if (metric.nan > 0) text += fmt::format(" ({} nan)", metric.nan);
    if (metric.infinite > 0) text += fmt::format(" ({} inf)", metric.infinite);
    if (metric.missing > 0) text += fmt::format(" ({} missing)", metric.missing);
    return text;
}

}  // namespace

void MetricSummary::add(const Value& cell) {
    const auto number = cell.as_number();
    if (!number) {
        ++missing;
        return;
    }
    if (std::isnan(*number)) {
        ++nan;
        return;
    }
    if (std::isinf(*number)) {
        ++infinite;
        return;
    }
    min = n == 0 ? *number : std::min(min, *number);
    max = n == 0 ? *number : std::max(max, *number);
    ++n;
    // Welford's update: a sum of squares would lose the small differences of large numbers.
    const double distance = *number - mean;
    mean += distance / static_cast<double>(n);
    squares += distance * (*number - mean);
}

double MetricSummary::deviation() const {
    return std::sqrt(squares / static_cast<double>(n - 1));
}

double MetricSummary::half_interval() const {
    return student_t_95(n - 1) * deviation() / std::sqrt(static_cast<double>(n));
}

StageIndex summary_stage(const Plan& plan) {
    const auto named = find_stage(plan.sweep(), plan.sweep().summary.stage);
    return StageIndex{named.value_or(plan.stage_count() - 1)};
}

Result<SummaryTable> make_summary(const SweepReader& sweep) {
    const StageIndex stage = summary_stage(sweep.plan());
    auto table = RecordTable::open(sweep, stage);
    if (!table) return tl::unexpected(table.error());
    const Summary& asked = sweep.plan().sweep().summary;
    SummaryTable summary;
    summary.stage = sweep.plan().stage(stage).name;
    summary.by = asked.by;
    summary.metrics = asked.metrics;
    if (asked.metrics.empty()) {
        auto names = numeric_metrics(*table);
        if (!names) return tl::unexpected(names.error());
        summary.metrics = *std::move(names);
    }
    Groups groups(summary);
    count_units(sweep, stage, summary, groups);
    std::vector<std::optional<std::size_t>> places;
    for (const std::string& name : summary.metrics) {
        places.push_back(place_of(table->columns(), name));
    }
    CurvePoints points(asked, summary.metrics);
    const auto visited = table->visit_results([&](const TableRow& row) -> Result<void> {
        if (!row.is_last || row.phase != UnitPhase::done) return {};
        const Object parameters = sweep.plan().parameters(row.unit);
        GroupSummary& group = groups.of(values_of(parameters, summary.by));
        for (std::size_t i = 0; i < places.size(); ++i) {
            const Value cell = places[i] ? row.cells[*places[i]] : Value();
            group.metrics[i].add(cell);
            if (!asked.curve.empty()) points.add(parameters, i, cell);
        }
        return {};
    });
    if (!visited) return tl::unexpected(visited.error());
    summary.curves = points.fit(sweep.plan().sweep().seed);
    return summary;
}

Object summary_json(const SummaryTable& summary) {
    Array groups;
    for (const GroupSummary& group : summary.groups) {
        Object by;
        for (std::size_t i = 0; i < summary.by.size(); ++i) {
            if (!group.values[i].is_null()) by.emplace_back(summary.by[i], group.values[i]);
        }
        Array metrics;
        for (std::size_t i = 0; i < summary.metrics.size(); ++i) {
            metrics.emplace_back(metric_json(summary.metrics[i], group.metrics[i]));
        }
        Object object;
        object.emplace_back("by", std::move(by));
        object.emplace_back("units", static_cast<std::int64_t>(group.units));
        object.emplace_back("done", static_cast<std::int64_t>(group.done));
        object.emplace_back("hopeless", static_cast<std::int64_t>(group.hopeless));
        object.emplace_back("complete", group.is_complete());
        object.emplace_back("metrics", std::move(metrics));
        groups.emplace_back(std::move(object));
    }
    const bool is_complete = std::all_of(
        summary.groups.begin(), summary.groups.end(), std::mem_fn(&GroupSummary::is_complete)
    );
    Object object;
    object.emplace_back("stage", summary.stage);
    object.emplace_back("complete", is_complete);
    object.emplace_back("by", Array(summary.by.begin(), summary.by.end()));
    object.emplace_back("metrics", Array(summary.metrics.begin(), summary.metrics.end()));
    object.emplace_back("groups", std::move(groups));
    if (summary.curves.empty()) return object;
    Array curves;
    for (const BudgetCurve& curve : summary.curves)
        curves.emplace_back(curve_json(curve));
    object.emplace_back("curves", std::move(curves));
    return object;
}

std::string format_summary_json(const SummaryTable& summary) {
    return format_json_pretty(summary_json(summary)) + "\n";
}

std::vector<std::string> summary_lines(const SummaryTable& summary) {
    std::vector<Align> aligns(summary.by.size(), Align::right);
    aligns.push_back(Align::right);
    aligns.insert(aligns.end(), summary.metrics.size(), Align::left);
    TextTable table(aligns);
    std::vector<std::string> head;
    for (const std::string& name : summary.by) {
        head.push_back(escape_for_terminal(name));
    }
    head.emplace_back("done");
    for (const std::string& name : summary.metrics) {
        head.push_back(escape_for_terminal(name));
    }
    table.add(std::move(head));
    bool is_complete = true;
    for (const GroupSummary& group : summary.groups) {
        std::vector<std::string> row;
        for (const Value& value : group.values) {
            row.push_back(value.is_null() ? "-" : escape_for_terminal(format_cell(value)));
        }
        row.push_back(
            (group.is_complete() ? format_count(group.done)
                                 : fmt::format("{}/{}", group.done, group.units)) +
            (group.hopeless > 0 ? fmt::format(" ({} hopeless)", group.hopeless) : "")
        );
        is_complete = is_complete && group.is_complete();
        for (const MetricSummary& metric : group.metrics) {
            row.push_back(metric_text(metric));
        }
        table.add(std::move(row));
    }
    std::vector<std::string> lines = table.lines();
    lines.emplace_back();
    const bool any_done =
        std::any_of(summary.groups.begin(), summary.groups.end(), [](const GroupSummary& group) {
            return group.done > 0;
        });
    if (summary.metrics.empty() && any_done) {
        lines.push_back(fmt::format(
            "{}: no unit reported a number; records.from in the sweep file says where numbers "
            "stand, "
            "for example records.from.stdout = 'acc=(?<acc>\\S+)'",
            escape_for_terminal(summary.stage)
        ));
        return lines;
    }
    lines.push_back(fmt::format(
        "{}: mean ± half the 95 % interval of the mean{}",
        escape_for_terminal(summary.stage),
        is_complete ? "" : "; incomplete, see done/all"
    ));
    for (const BudgetCurve& curve : summary.curves) {
        std::string group;
        for (const auto& [name, value] : curve.group)
            group += fmt::format("{}={} ", name, format_plain(value));
        lines.push_back(escape_for_terminal(group + curve_line(curve)));
    }
    return lines;
}

std::string format_summary_tsv(const SummaryTable& summary) {
    std::string text;
    for (const std::string& name : summary.by) {
        text += escape_tsv(name) + "\t";
    }
    text +=
        "units\tdone\tmetric\tn\tmean\tsd\tmin\tmax\tci95_low\tci95_high\tnan\tinfinite\tmissing\n";
    for (const GroupSummary& group : summary.groups) {
        std::string shared;
        for (const Value& value : group.values) {
            shared += escape_tsv(format_cell(value)) + "\t";
        }
        shared += fmt::format("{}\t{}", group.units, group.done);
        for (std::size_t i = 0; i < summary.metrics.size(); ++i) {
            text += shared;
            const Object cells = metric_json(summary.metrics[i], group.metrics[i]);
            for (const char* name :
                 {"metric",
                  "n",
                  "mean",
                  "sd",
                  "min",
                  "max",
                  "ci95_low",
                  "ci95_high",
                  "nan",
                  "infinite",
                  "missing"}) {
                const Value* cell = find_member(cells, name);
                text += "\t" + (cell == nullptr ? std::string() : escape_tsv(format_cell(*cell)));
            }
            text += "\n";
        }
    }
    return text;
}

}  // namespace xorch
