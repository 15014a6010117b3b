#include "core/statistics/power_law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

const std::vector<double> budgets{2, 5, 10, 20, 30};

std::vector<BudgetPoint> on_curve(double a, double b, double c) {
    std::vector<BudgetPoint> points;
    for (const double budget : budgets) {
        points.push_back({.budget = budget, .values = {a + b * std::pow(budget, -c)}});
    }
    return points;
}

std::vector<BudgetPoint> with_noise(std::vector<BudgetPoint> points, double noise, int seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    for (BudgetPoint& point : points) {
        const double mean = point.values.front();
        point.values = normal_sample(random, 5);
        for (double& value : point.values) {
            value = mean + noise * value;
        }
    }
    return points;
}

double squares_of(const std::vector<BudgetPoint>& points, double a, double b, double c) {
    double squares = 0.0;
    for (const BudgetPoint& point : points) {
        for (const double value : point.values) {
            const double residual = value - a - b * std::pow(point.budget, -c);
            squares += residual * residual;
        }
    }
    return squares;
}

// Straight lines over n^-c on a fine grid of c, by the normal equations.
double least_squares_on_grid(const std::vector<BudgetPoint>& points) {
    double least = std::numeric_limits<double>::infinity();
    for (double c = 0.01; c <= 10; c *= 1.001) {
        double n = 0;
        double x = 0;
        double xx = 0;
        double y = 0;
        double xy = 0;
        for (const BudgetPoint& point : points) {
            const double at = std::pow(point.budget, -c);
            for (const double value : point.values) {
                n += 1;
                x += at;
                xx += at * at;
                y += value;
                xy += at * value;
            }
        }
        const double b = (n * xy - x * y) / (n * xx - x * x);
        least = std::min(least, squares_of(points, (y - b * x) / n, b, c));
    }
    return least;
}

TEST(PowerLaw, RecoversPlantedCurvesWithoutNoiseWithinOnePercent) {
    for (const double c : {0.05, 0.3, 0.5, 1.0, 2.0, 4.0}) {
        for (const double b : {-0.6, 0.4, 1000.0}) {
            const auto curve = fit_power_law(on_curve(0.9, b, c));
            ASSERT_TRUE(curve);
            EXPECT_NEAR(curve->a, 0.9, 0.009) << b << " " << c;
            EXPECT_NEAR(curve->b, b, std::abs(b) * 0.01) << c;
            EXPECT_NEAR(curve->c, c, c * 0.01) << b;
            EXPECT_FALSE(curve->is_at_bound);
        }
    }
}

TEST(PowerLaw, IsAsCloseAsAnyCurveOfAFineGrid) {
    for (int seed = 0; seed < 30; ++seed) {
        const auto points = with_noise(on_curve(0.8, -0.5, 0.7), 0.02 * (1 + seed % 5), seed);
        const auto curve = fit_power_law(points);
        ASSERT_TRUE(curve);
        const double squares = squares_of(points, curve->a, curve->b, curve->c);
        ASSERT_LE(squares, least_squares_on_grid(points) * (1 + 1e-6));
        ASSERT_NEAR(curve->rmse * curve->rmse * 25, squares, 1e-9);
    }
}

TEST(PowerLaw, SaysWhenTheDataDoNotShowHowItBends) {
    std::vector<BudgetPoint> points;
    for (const double budget : budgets) {
        points.push_back({.budget = budget, .values = {std::log(budget)}});
    }
    EXPECT_TRUE(fit_power_law(points)->is_at_bound);
}

TEST(PowerLaw, NeedsThreeBudgetsAndDifferentValues) {
    EXPECT_FALSE(fit_power_law({
        {2, {1}},
        {4, {2}}
    }));
    EXPECT_FALSE(fit_power_law({
        {2, {1}},
        {4, {2}},
        {8, {} }
    }));
    EXPECT_FALSE(fit_power_law({
        {2, {1}},
        {4, {1}},
        {8, {1}}
    }));
}

TEST(PowerLawBand, HoldsTheTrueCurveAboutAsOftenAsItSays) {
    int held = 0;
    constexpr int samples = 60;
    for (int seed = 0; seed < samples; ++seed) {
        const auto points = with_noise(on_curve(0.8, -0.5, 0.7), 0.02, 100 + seed);
        const auto band = power_law_band(points, {.seed = 1, .draws = 200});
        ASSERT_TRUE(band);
        const double middle = 0.8 - 0.5 * std::pow(10.0, -0.7);
        if (band->at(2).low <= middle && middle <= band->at(2).high) ++held;
    }
    // Resampling five repeats makes bands somewhat too narrow.
    EXPECT_GT(held, samples * 3 / 4);
    EXPECT_LT(held, samples);
}

TEST(PowerLawBand, NeedsRepeatsOfEachBudget) {
    EXPECT_FALSE(power_law_band(on_curve(1, -1, 1), {}));
}

TEST(PooledDeviation, IsTheRootOfTheMeanVariance) {
    EXPECT_DOUBLE_EQ(
        pooled_deviation({
                             {2, {1, 3}},
                             {5, {0, 4}},
                             {9, {7}   }
    }
        ).value(),
        std::sqrt(5.0)
    );
    EXPECT_FALSE(pooled_deviation({
        {2, {1}},
        {5, {0}}
    }));
}

// Two repeats per budget, this far from the curve on either side: the least difference that they
// show is 2.571 * sqrt(2) * spread, by the t distribution with five degrees of freedom.
std::vector<BudgetPoint> with_spread(std::vector<BudgetPoint> points, double spread) {
    for (BudgetPoint& point : points) {
        const double mean = point.values.front();
        point.values = {mean - spread, mean + spread};
    }
    return points;
}

// From 2 on the curve gains 0.244, from 5 on 0.038, from 10 on 0.009, from 20 on 0.0014.
TEST(SufficientBudget, IsWhereGainsDropBelowTheNoise) {
    const auto curve = on_curve(0.9, -0.98, 2.0);
    const std::vector<std::pair<double, double>> spread_and_budget{
        {0.1,    2 },
        {0.012,  5 },
        {0.004,  10},
        {0.001,  20},
        {0.0001, 30},
    };
    for (const auto& [spread, budget] : spread_and_budget) {
        const auto points = with_spread(curve, spread);
        EXPECT_EQ(sufficient_budget(*fit_power_law(points), points), budget) << spread;
    }
    EXPECT_FALSE(sufficient_budget(*fit_power_law(curve), curve));
}

}  // namespace
}  // namespace xorch
