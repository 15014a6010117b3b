#include "core/statistics/adjustment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

std::vector<double> random_p(std::mt19937& random) {
    std::vector<double> p = tied_sample(random, 1 + random() % 12, 50);
    for (double& value : p) {
        value = (value + 50) / 100;
    }
    return p;
}

TEST(Holm, OfTheReferenceIsAsKnown) {
    EXPECT_THAT(
        adjust_for_any_error({0.01, 0.04, 0.03}),
        ElementsAre(DoubleEq(0.03), DoubleEq(0.06), DoubleEq(0.06))
    );
}

// Holm's procedure as it is told: reject the least p while it is at most level / tests left. The
// adjusted value is the least level at which a test is rejected.
TEST(Holm, IsTheLeastLevelAtWhichTheStepsRejectATest) {
    std::mt19937 random(6);
    for (int round = 0; round < 100; ++round) {
        const std::vector<double> p = random_p(random);
        const std::vector<double> adjusted = adjust_for_any_error(p);
        for (std::size_t test = 0; test < p.size(); ++test) {
            double level = 0.0;
            for (const double other : p) {
                if (other > p[test]) continue;
                const auto left =
                    std::count_if(p.begin(), p.end(), [&](double each) { return each >= other; });
                level = std::max(level, other * static_cast<double>(left));
            }
            ASSERT_DOUBLE_EQ(adjusted[test], std::min(level, 1.0));
        }
    }
}

TEST(FalseDiscovery, IsTheLeastRateAtWhichATestPasses) {
    std::mt19937 random(7);
    for (int round = 0; round < 100; ++round) {
        const std::vector<double> p = random_p(random);
        const std::vector<double> adjusted = adjust_for_false_discovery(p);
        for (std::size_t test = 0; test < p.size(); ++test) {
            double rate = 1.0;
            for (const double other : p) {
                if (other < p[test]) continue;
                const auto passing =
                    std::count_if(p.begin(), p.end(), [&](double each) { return each <= other; });
                const auto tests = static_cast<double>(p.size());
                rate = std::min(rate, other * tests / static_cast<double>(passing));
            }
            ASSERT_DOUBLE_EQ(adjusted[test], rate);
        }
    }
}

}  // namespace
}  // namespace xorch
