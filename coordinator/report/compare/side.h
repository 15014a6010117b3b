#pragma once

// One side of a comparison, read from a sweep's journal.

#include "coordinator/report/compare/comparison.h"
#include "coordinator/report/sweep_reader.h"

namespace xorch {

// Every unit of the stage with its last row.
Result<ComparedSide> read_side(const SweepReader& sweep, StageIndex stage);

}  // namespace xorch
