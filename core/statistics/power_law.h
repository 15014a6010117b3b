#pragma once

// Learning curves: value = a + b n^-c for a budget n, fitted by least squares, and what such a
// curve says about budgets. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/statistics/bootstrap.h"
#include "core/statistics/interval.h"

namespace xorch {

// The finite values of all repeats at one budget.
struct BudgetPoint {
    double budget = 0.0;  // > 0
    std::vector<double> values{};
};

struct PowerLaw {
    double a = 0.0;  // what an endless budget would reach
    double b = 0.0;
    double c = 0.0;
    double rmse = 0.0;  // of all values
    // The best exponent is an end of the range that is tried, 0.01 to 10: the data do not say how
    // the curve bends, and `a` means nothing.
    bool is_at_bound = false;

    double at(double budget) const;
};

// Budgets differ. Nothing for fewer than three of them with values, or where all values are equal.
std::optional<PowerLaw> fit_power_law(const std::vector<BudgetPoint>& points);

// The middle 95 % of the curves fitted to resamples of the repeats of each budget, at the budget
// of each point. Nothing where there is no fit or a budget has a single value.
std::optional<std::vector<Interval>> power_law_band(
    const std::vector<BudgetPoint>& points, const Resampling& resampling
);

// The standard deviation of the repeats around their means, pooled. Nothing without repeats.
std::optional<double> pooled_deviation(const std::vector<BudgetPoint>& points);

// The least tested budget after which the curve gains no more, up to the largest one, than the
// least difference that the repeats could show at a level of 5 % (two means of as many repeats as
// the budgets have on average). Nothing without repeats; the largest budget if gains go on.
std::optional<double> sufficient_budget(
    const PowerLaw& curve, const std::vector<BudgetPoint>& points
);

}  // namespace xorch
