#include "core/statistics/interval.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

// Closed forms: tan(0.475 pi) for one degree of freedom, 2 p sqrt(2 / (4 p (1 - p))) - like for
// two.
TEST(StudentT, EqualsTheClosedFormsForOneAndTwoDegreesOfFreedom) {
    EXPECT_NEAR(student_t_95(1), std::tan(0.475 * std::acos(-1.0)), 1e-9);
    EXPECT_NEAR(student_t_95(2), 0.95 * std::sqrt(2.0 / (1 - 0.95 * 0.95)), 1e-12);
}

// The two-sided 5 % points of any printed table.
TEST(StudentT, EqualsThePrintedTable) {
    EXPECT_NEAR(student_t_95(3), 3.182, 5e-4);
    EXPECT_NEAR(student_t_95(4), 2.776, 5e-4);
    EXPECT_NEAR(student_t_95(5), 2.571, 5e-4);
    EXPECT_NEAR(student_t_95(9), 2.262, 5e-4);
    EXPECT_NEAR(student_t_95(10), 2.228, 5e-4);
    EXPECT_NEAR(student_t_95(29), 2.045, 5e-4);
    EXPECT_NEAR(student_t_95(30), 2.042, 5e-4);
    EXPECT_NEAR(student_t_95(60), 2.000, 5e-4);
    EXPECT_NEAR(student_t_95(120), 1.980, 5e-4);
    EXPECT_NEAR(student_t_95(1'000'000'000), 1.960, 5e-4);
}

// The density by its definition, summed over the interval.
TEST(StudentT, HoldsNineteenTwentiethsOfTheDensity) {
    for (const int n : {1, 2, 3, 7, 30, 199, 1000}) {
        const double bound = student_t_95(static_cast<std::uint64_t>(n));
        const double factor = std::exp(std::lgamma((n + 1) / 2.0) - std::lgamma(n / 2.0)) /
                              std::sqrt(n * std::acos(-1.0));
        constexpr int steps = 100'000;
        double inside = 0.0;
        for (int i = 0; i < steps; ++i) {
            const double t = bound * (i + 0.5) / steps;
            inside += factor * std::pow(1 + t * t / n, -(n + 1) / 2.0);
        }
        EXPECT_NEAR(2 * inside * bound / steps, 0.95, 1e-8) << n;
    }
}

TEST(MeanInterval, OfThreeValuesIsAsByHand) {
    const auto interval = mean_interval({1, 2, 3});
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, 2 - 4.30265 / std::sqrt(3.0), 1e-5);
    EXPECT_NEAR(interval->high, 2 + 4.30265 / std::sqrt(3.0), 1e-5);
    EXPECT_FALSE(mean_interval({1}));
}

TEST(MeanInterval, HoldsTheTrueMeanInNineteenOfTwentySamples) {
    std::mt19937 random(11);
    constexpr int samples = 4000;
    int held = 0;
    for (int i = 0; i < samples; ++i) {
        const auto interval = mean_interval(normal_sample(random, 5));
        if (interval->low <= 0.0 && interval->high >= 0.0) ++held;
    }
    EXPECT_NEAR(held / static_cast<double>(samples), 0.95, 0.014);
}

// The sizes that textbooks print for large, medium and very large effects.
TEST(RepeatsToTell, EqualThePrintedSampleSizes) {
    EXPECT_EQ(repeats_to_tell(1.0, 1.0), 17);
    EXPECT_EQ(repeats_to_tell(-0.8, 1.0), 26);
    EXPECT_EQ(repeats_to_tell(0.05, 0.1), 64);
}

TEST(RepeatsToTell, ShowTheDifferenceInFourOfFiveExperiments) {
    std::mt19937 random(12);
    const std::uint32_t repeats = repeats_to_tell(1.5, 1.0).value();
    constexpr int experiments = 4000;
    int seen = 0;
    for (int i = 0; i < experiments; ++i) {
        const std::vector<double> a = normal_sample(random, repeats);
        const std::vector<double> b = normal_sample(random, repeats);
        const double variance =
            deviation_of(a) * deviation_of(a) + deviation_of(b) * deviation_of(b);
        const double t = (mean_of(a) + 1.5 - mean_of(b)) / std::sqrt(variance / repeats);
        if (std::abs(t) > student_t_95(2 * repeats - 2)) ++seen;
    }
    // Rounding the number up adds some power to the 80 %.
    EXPECT_GT(seen, 0.78 * experiments);
    EXPECT_LT(seen, 0.88 * experiments);
}

TEST(RepeatsToTell, AreNoneForNoDifference) {
    EXPECT_FALSE(repeats_to_tell(0.0, 1.0));
    EXPECT_FALSE(repeats_to_tell(0.0, 0.0));
    EXPECT_EQ(repeats_to_tell(1.0, 0.0), 2);
}

}  // namespace
}  // namespace xorch
