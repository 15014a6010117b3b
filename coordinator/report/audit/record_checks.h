#pragma once

// The named checks of a stage (core/check.h), made of the records of its done units.

#include <vector>

#include "coordinator/report/audit/audit.h"
#include "coordinator/report/audit/last_rows.h"
#include "core/plan.h"

namespace xorch {

// Adds a flaw for each unit that a check of its stage does not hold for. What a job itself reports
// in its column `checks` counts whether it was declared or not.
void check_records(
    const Plan& plan, StageIndex stage, const LastRows& rows, std::vector<Flaw>& flaws
);

}  // namespace xorch
