#pragma once

// Whether a value satisfies a condition of `when`, `exclude` or `require`. Pure; the same words
// mean the same for parameters (the plan) and for metrics (selections).

#include "core/sweep.h"

namespace xorch {

// Every bound of the condition that is set holds for `value`. nullptr (missing) and NaN satisfy
// nothing. Integers and floats compare as numbers here (1 is 1.0); a boolean is neither.
bool satisfies(const Condition& condition, const Value* value);

// "lr is 0.1", "mean_l1 at most 0.17": for messages.
std::string format_condition(const Condition& condition);

}  // namespace xorch
