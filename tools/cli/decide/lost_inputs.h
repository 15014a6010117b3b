#pragma once

// Inputs whose artifacts are gone, or not what their unit left: whoever computes from them would
// compute something else.

#include <set>

#include "coordinator/report/sweep_reader.h"

namespace xorch {

// Among what these units need, done units that must run again first, and the same of what those
// need.
std::set<UnitKey> find_lost_inputs(const SweepReader& sweep, const std::set<UnitKey>& units);

}  // namespace xorch
