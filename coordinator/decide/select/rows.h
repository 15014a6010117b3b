#pragma once

// Which of a unit's rows a selection reads: the last one, the best one, or the mean of the last
// few. One reading for the coordinator, which keeps what it needs as units end, and for whoever
// reads the journal afterwards. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/sweep.h"

namespace xorch {

// The columns that the selection looks at: of its order, its alternatives and its conditions.
std::vector<std::string> columns_of(const Select& select);

// Those columns of the unit's JSON lines, as `select.rows` says; missing ones are absent. The best
// row is the one that is best by the first key of the order, the first of equals; rows without a
// number there are left out unless there are no others, then the last one is read. In a mean of
// rows a column is missing that is missing, or no number, in one of them, or if there are fewer
// rows than were asked for.
Object read_rows(std::string_view json_lines, const Select& select);

// A number that can be compared; NaN, missing and other types cannot.
std::optional<double> comparable_number(const Object& metrics, const std::string& metric);

}  // namespace xorch
