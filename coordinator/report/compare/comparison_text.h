#pragma once

// A comparison for people and programs. Pure.

#include <string>
#include <vector>

#include "coordinator/report/compare/comparison.h"
#include "coordinator/report/tables/record_table.h"

namespace xorch {

// All of it. What does not exist (a relative change of a baseline of 0) is null.
Object comparison_json(const SweepComparison& comparison);

// One row per metric and group, for the formats of tables.
std::vector<Column> comparison_columns();
std::vector<std::vector<Value>> comparison_rows(const SweepComparison& comparison);

// For a terminal: the table, the sets of ids, what differs beside the results, and what is missing.
std::vector<std::string> comparison_lines(const SweepComparison& comparison);

// What does not fit a table, one sentence per line: sets, differences, and what is missing.
std::vector<std::string> comparison_notes(const SweepComparison& comparison);

}  // namespace xorch
