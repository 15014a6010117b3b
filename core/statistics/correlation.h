#pragma once

// Rank correlations of paired samples: do two orders agree? Values are numbers: no NaN; both
// samples are equally long. Pure.

#include <optional>
#include <vector>

namespace xorch {

struct Correlation {
    double rho = 0.0;
    double p = 1.0;  // two-sided, by the t distribution with n - 2 degrees of freedom
};

// Spearman's rank correlation with average ranks for equal values. Nothing for fewer than three
// pairs or where one side is constant.
std::optional<Correlation> spearman(const std::vector<double>& x, const std::vector<double>& y);

// Kendall's tau-b: pairs in equal order minus pairs in opposite order, over the geometric mean of
// the pairs that are not tied in x and in y. Nothing for fewer than two pairs or where one side is
// constant. Takes n log n steps.
std::optional<double> kendall_tau_b(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace xorch
