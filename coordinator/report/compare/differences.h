#pragma once

// What may explain that results differ: parameters, code and data of two sides. Internal to
// coordinator/report/compare.

#include <vector>

#include "coordinator/report/compare/comparison.h"

namespace xorch {

// Parameters in the order of their first appearance, then the context; only what differs.
std::vector<Difference> find_differences(const ComparedSide& a, const ComparedSide& b);

}  // namespace xorch
