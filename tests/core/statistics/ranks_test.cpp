#include "core/statistics/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/statistics/samples.h"

namespace xorch {
namespace {

using testing::ElementsAre;

TEST(Ranks, OfEqualValuesAreTheirMean) {
    EXPECT_THAT(average_ranks({3, 1, 3, 2, 3}), ElementsAre(4, 1, 4, 2, 4));
    EXPECT_THAT(tie_sizes({3, 1, 3, 2, 3}), ElementsAre(1, 1, 3));
}

// Each rank by counting: the values below, and half of the equal ones.
TEST(Ranks, EqualTheCountsOfValuesBelow) {
    std::mt19937 random(1);
    for (int round = 0; round < 100; ++round) {
        const std::vector<double> values = tied_sample(random, 1 + random() % 40, 8);
        const std::vector<double> ranks = average_ranks(values);
        for (std::size_t i = 0; i < values.size(); ++i) {
            double rank = 0.5;
            for (const double other : values) {
                rank += other < values[i] ? 1.0 : other == values[i] ? 0.5 : 0.0;
            }
            ASSERT_EQ(ranks[i], rank);
        }
    }
}

TEST(Auroc, OfTheReferenceScoresIsAsKnown) {
    const auto area = auroc({0.9, 0.8, 0.4, 0.35}, {0.7, 0.3, 0.2, 0.1});
    ASSERT_TRUE(area);
    EXPECT_DOUBLE_EQ(*area, 0.875);
}

TEST(Auroc, IsTheShareOfPairsInTheRightOrder) {
    std::mt19937 random(2);
    for (int round = 0; round < 100; ++round) {
        const std::vector<double> positives = tied_sample(random, 1 + random() % 30, 10);
        const std::vector<double> negatives = tied_sample(random, 1 + random() % 30, 10);
        double right = 0.0;
        for (const double positive : positives) {
            for (const double negative : negatives) {
                right += positive > negative ? 1.0 : positive == negative ? 0.5 : 0.0;
            }
        }
        const auto pairs = static_cast<double>(positives.size() * negatives.size());
        ASSERT_NEAR(auroc(positives, negatives).value(), right / pairs, 1e-12);
    }
}

TEST(Auroc, NeedsBothSides) {
    EXPECT_FALSE(auroc({}, {1}));
    EXPECT_FALSE(auroc({1}, {}));
}

}  // namespace
}  // namespace xorch
