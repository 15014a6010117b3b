#pragma once

// Which unit of a plan each row of an existing result tree belongs to, and what that makes of the
// units: a result, a result that was cut off, or two that differ. Pure.

#include <string>
#include <vector>

#include "core/facts.h"
#include "core/plan.h"
#include "tools/cli/decide/adopt/tree_rows.h"

namespace xorch {

struct Placement {
    std::vector<Fact> facts;  // UnitAdopted and UnitFailed, in plan order
    std::size_t adopted = 0;
    std::size_t torn = 0;               // units whose only result was cut off
    std::size_t twice = 0;              // units with two results that differ
    std::vector<std::string> unplaced;  // rows that are of no unit, and why
};

// A row's cells name its unit by the stage's axes: texts and numbers that are written alike are
// equal ("1" and 1.0). What is an axis or a parameter is no column of the record. `from` is what
// the journal says about where they come from.
Placement place_rows(
    const Plan& plan, StageIndex stage, const std::string& from, std::vector<TreeRow> rows
);

}  // namespace xorch
