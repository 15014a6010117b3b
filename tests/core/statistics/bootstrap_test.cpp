#include "core/statistics/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

// All n^n resamples: the share of means below, or up to, a bound.
struct ShareOfMeans {
    double below = 0.0;
    double up_to = 0.0;
};

ShareOfMeans share_of_means(const std::vector<double>& values, double bound) {
    const std::size_t n = values.size();
    std::size_t ways = 1;
    for (std::size_t i = 0; i < n; ++i) {
        ways *= n;
    }
    ShareOfMeans share;
    for (std::size_t way = 0; way < ways; ++way) {
        double sum = 0.0;
        std::size_t rest = way;
        for (std::size_t i = 0; i < n; ++i, rest /= n) {
            sum += values[rest % n];
        }
        const double mean = sum / static_cast<double>(n);
        constexpr double rounding = 1e-9;
        share.below += mean < bound - rounding ? 1.0 : 0.0;
        share.up_to += mean <= bound + rounding ? 1.0 : 0.0;
    }
    share.below /= static_cast<double>(ways);
    share.up_to /= static_cast<double>(ways);
    return share;
}

TEST(Bootstrap, LeavesATailAsAllResamplesDo) {
    std::mt19937 random(10);
    constexpr double noise = 0.006;  // four standard errors of 10,000 draws
    for (int round = 0; round < 10; ++round) {
        const std::vector<double> values = normal_sample(random, 3 + random() % 4);
        const Interval interval = bootstrap_mean_interval(values, {.seed = random()});
        const ShareOfMeans low = share_of_means(values, interval.low);
        const ShareOfMeans high = share_of_means(values, interval.high);
        ASSERT_LE(low.below, 0.025 + noise);
        ASSERT_GE(low.up_to, 0.025 - noise);
        ASSERT_LE(high.below, 0.975 + noise);
        ASSERT_GE(high.up_to, 0.975 - noise);
    }
}

TEST(Bootstrap, IsTheSameForTheSameSeedOnly) {
    const std::vector<double> values{0.3, 1.7, 2.9, 4.1, 8.2, 9.6, 11.3};
    const Interval once = bootstrap_mean_interval(values, {.seed = 7, .draws = 1000});
    EXPECT_EQ(once, bootstrap_mean_interval(values, {.seed = 7, .draws = 1000}));
    EXPECT_NE(once, bootstrap_mean_interval(values, {.seed = 8, .draws = 1000}));
}

TEST(Bootstrap, DrawsEachValueEquallyOften) {
    std::vector<int> counts(7);
    for (std::uint32_t draw = 0; draw < 10'000; ++draw) {
        for (const std::size_t place : resample({.seed = 1}, draw, 0, counts.size())) {
            ++counts.at(place);
        }
    }
    for (const int count : counts) {
        EXPECT_NEAR(count, 10'000, 500);
    }
}

TEST(Bootstrap, ResamplesEachGroupIndependently) {
    EXPECT_NE(resample({.seed = 1}, 0, 0, 20), resample({.seed = 1}, 0, 1, 20));
    EXPECT_NE(resample({.seed = 1}, 0, 0, 20), resample({.seed = 1}, 1, 0, 20));
}

}  // namespace
}  // namespace xorch
