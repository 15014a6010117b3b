#pragma once

// Small statistics on samples: percentiles, rank correlation, false discovery rate.

#include <optional>
#include <vector>

namespace xorch::cellseg {

// With linear interpolation between order statistics, at position fraction * (n - 1); fraction in
// [0, 1], at least one value.
double percentile(std::vector<float> values, double fraction);

struct Correlation {
    double rho = 0.0;
    double p = 1.0;  // two-sided, by the t distribution with n - 2 degrees of freedom
};

// Spearman's rank correlation with average ranks for equal values. Nothing for fewer than three
// pairs or where one side is constant. Both of equal length.
std::optional<Correlation> spearman(const std::vector<double>& x, const std::vector<double>& y);

// Benjamini and Hochberg (1995): the false discovery rate at which each test would just pass, in
// the order of `p`.
std::vector<double> adjust_for_false_discovery(const std::vector<double>& p);

}  // namespace xorch::cellseg
