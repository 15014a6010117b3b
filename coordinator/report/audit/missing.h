#pragma once

// Units of a stage that have no result, and why not.

#include <vector>

#include "coordinator/report/audit/audit.h"

namespace xorch {

// One flaw per unit that is not done.
Result<void> add_missing(const SweepReader& sweep, StageIndex stage, std::vector<Flaw>& flaws);

// In the words of somebody who looks for what to mend: "time limit", "out of memory", "node".
std::string_view missing_cause(const UnitState& unit);

}  // namespace xorch
