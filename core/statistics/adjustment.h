#pragma once

// Adjusts the p values of several tests for their number. Results stand in the order of `p`. Pure.

#include <vector>

namespace xorch {

// Holm (1979): comparing the result with a level keeps the chance of any false alarm among all
// tests below that level.
std::vector<double> adjust_for_any_error(const std::vector<double>& p);

// Benjamini and Hochberg (1995): the false discovery rate at which each test would just pass.
std::vector<double> adjust_for_false_discovery(const std::vector<double>& p);

}  // namespace xorch
