#include "core/statistics/correlation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

// By the definition: over all pairs.
std::optional<double> tau_by_pairs(const std::vector<double>& x, const std::vector<double>& y) {
    double balance = 0.0;
    double untied_x = 0.0;
    double untied_y = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            const double dx = x[i] - x[k];
            const double dy = y[i] - y[k];
            balance += dx * dy > 0 ? 1.0 : dx * dy < 0 ? -1.0 : 0.0;
            untied_x += dx != 0 ? 1.0 : 0.0;
            untied_y += dy != 0 ? 1.0 : 0.0;
        }
    }
    if (untied_x == 0.0 || untied_y == 0.0) return std::nullopt;
    return balance / std::sqrt(untied_x * untied_y);
}

// Of the six pairs one is tied in x and another one in y; of the four that are left, three are in
// equal order and one in opposite order: (3 - 1) / sqrt(5 * 5).
TEST(KendallTauB, OfTiedSamplesIsAsByHand) {
    const auto tau = kendall_tau_b({1, 1, 2, 3}, {2, 1, 1, 3});
    ASSERT_TRUE(tau);
    EXPECT_DOUBLE_EQ(*tau, 0.4);
}

TEST(KendallTauB, EqualsTheCountOverAllPairs) {
    std::mt19937 random(8);
    for (int round = 0; round < 200; ++round) {
        const std::size_t count = 2 + random() % 40;
        const std::vector<double> x = tied_sample(random, count, 1 + round % 12);
        const std::vector<double> y = tied_sample(random, count, 1 + round % 7);
        const auto expected = tau_by_pairs(x, y);
        const auto tau = kendall_tau_b(x, y);
        ASSERT_EQ(tau.has_value(), expected.has_value());
        if (tau) {
            ASSERT_NEAR(*tau, *expected, 1e-12);
        }
    }
}

TEST(KendallTauB, IsOneForEqualOrdersAndMinusOneForOpposite) {
    EXPECT_DOUBLE_EQ(kendall_tau_b({1, 2, 3}, {10, 20, 30}).value(), 1.0);
    EXPECT_DOUBLE_EQ(kendall_tau_b({1, 2, 3}, {3, 2, 1}).value(), -1.0);
}

// Without ties: 1 - 6 sum d^2 / (n (n^2 - 1)), and the t distribution integrated numerically.
TEST(Spearman, EqualsTheFormulaOfSamplesWithoutTies) {
    std::mt19937 random(9);
    for (int round = 0; round < 20; ++round) {
        const std::size_t count = 5 + random() % 20;
        const auto n = static_cast<double>(count);
        const std::vector<double> x = normal_sample(random, count);
        const std::vector<double> y = normal_sample(random, count);
        double squares = 0.0;
        for (std::size_t i = 0; i < count; ++i) {
            double distance = 0.0;
            for (std::size_t k = 0; k < count; ++k) {
                distance += (x[k] < x[i] ? 1.0 : 0.0) - (y[k] < y[i] ? 1.0 : 0.0);
            }
            squares += distance * distance;
        }
        const auto correlation = spearman(x, y);
        ASSERT_TRUE(correlation);
        ASSERT_NEAR(correlation->rho, 1 - 6 * squares / (n * (n * n - 1)), 1e-12);
        // The density of rho under the t distribution is (1 - r^2)^(df / 2 - 1), up to a factor.
        const double power = (n - 4) / 2;
        double outside = 0.0;
        double all = 0.0;
        constexpr int steps = 200'000;
        for (int i = 0; i < steps; ++i) {
            const double r = (i + 0.5) / steps;
            const double density = std::pow(1 - r * r, power);
            all += density;
            if (r > std::abs(correlation->rho)) outside += density;
        }
        ASSERT_NEAR(correlation->p, outside / all, 1e-4);
    }
}

}  // namespace
}  // namespace xorch
