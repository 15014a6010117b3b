#pragma once

// The summary of a sweep: per group of units (equal values of the `by` columns) and metric the
// number, mean, standard deviation, range and 95 % interval of the mean. Fed row by row, so its
// size depends on the number of groups only. NaN, infinities and missing values are counted apart
// and never enter a mean.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/tables/curve.h"
#include "coordinator/report/tables/record_table.h"
#include "core/value.h"

namespace xorch {

// One metric in one group.
struct MetricSummary {
    std::uint64_t n = 0;  // finite values
    double mean = 0;
    double squares = 0;  // sum of squared distances from the mean
    double min = 0;
    double max = 0;
    std::uint64_t nan = 0;
    std::uint64_t infinite = 0;
    std::uint64_t missing = 0;  // done units without the value

    void add(const Value& cell);

    // Of the sample (n - 1); needs n >= 2.
    double deviation() const;

    // Half the width of the 95 % interval of the mean; needs n >= 2.
    double half_interval() const;
};

struct GroupSummary {
    std::vector<Value> values;  // of the `by` columns; null = missing
    std::uint64_t units = 0;    // in the plan
    std::uint64_t done = 0;
    std::uint64_t hopeless = 0;
    std::vector<MetricSummary> metrics;

    bool is_complete() const { return units == done; }
};

struct SummaryTable {
    std::string stage;
    std::vector<std::string> by;
    std::vector<std::string> metrics;
    std::vector<GroupSummary> groups;  // in plan order of their first unit
    std::vector<BudgetCurve> curves;   // if the sweep asks for them
};

// The stage that [summary] names, or the last.
StageIndex summary_stage(const Plan& plan);

// Of the stage that the sweep's [summary] names, by its columns; `metrics` empty there = every
// metric that has a number in the last row of some unit.
Result<SummaryTable> make_summary(const SweepReader& sweep);

// Numbers that do not exist (the deviation of one value) are absent.
Object summary_json(const SummaryTable& summary);

// The same as text, indented.
std::string format_summary_json(const SummaryTable& summary);

// Lines for a terminal: one per group, a column "mean ± half interval (n)" per metric.
std::vector<std::string> summary_lines(const SummaryTable& summary);

// Tab-separated: one line per group and metric.
std::string format_summary_tsv(const SummaryTable& summary);

}  // namespace xorch
