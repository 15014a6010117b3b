#pragma once

// Budget curves: how a metric grows with an axis that counts a budget, after which budget more of
// it is noise, and how many repeats would tell two budgets apart. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/statistics/power_law.h"
#include "core/value.h"

namespace xorch {

// Two budgets that follow each other.
struct BudgetStep {
    double from = 0.0;
    double to = 0.0;
    double gain = 0.0;                     // of the means
    std::optional<std::uint32_t> repeats;  // of each that show it; nothing = no number of use
};

struct BudgetCurve {
    Object group{};  // values of the other `by` columns
    std::string metric;
    std::vector<BudgetPoint> points{};          // by budget
    std::optional<PowerLaw> fit{};              // nothing for fewer than three budgets
    std::vector<Interval> band{};               // by point; empty without repeats
    std::optional<double> noise{};              // standard deviation of repeats
    std::optional<double> sufficient_budget{};  // see core/statistics/power_law.h
    std::vector<BudgetStep> steps{};
};

// `points` in any order, with finite values only.
BudgetCurve make_curve(std::vector<BudgetPoint> points, std::uint64_t seed);

Object curve_json(const BudgetCurve& curve);

// One line for people, without the group.
std::string curve_line(const BudgetCurve& curve);

}  // namespace xorch
