#include "core/statistics/float_auroc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/statistics/ranks.h"

namespace xorch {
namespace {

// Of any sign and size, and of few values, so that many are equal.
std::vector<float> some_scores(std::mt19937& random, std::size_t count, bool tied) {
    std::vector<float> scores(count);
    for (float& score : scores) {
        const auto drawn = static_cast<float>(random() % (tied ? 9 : 1'000'003));
        score =
            tied ? drawn / 4 - 1 : std::ldexp(drawn - 5e5F, static_cast<int>(random() % 40) - 40);
    }
    return scores;
}

TEST(FloatAuroc, EqualsTheAreaByAverageRanks) {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        const bool tied = round % 2 == 0;
        const std::vector<float> positives = some_scores(random, 1 + random() % 200, tied);
        const std::vector<float> negatives = some_scores(random, 1 + random() % 200, tied);
        const auto expected =
            auroc({positives.begin(), positives.end()}, {negatives.begin(), negatives.end()});
        ASSERT_NEAR(float_auroc(positives, negatives).value(), *expected, 1e-12);
    }
}

TEST(FloatAuroc, OfTheReferenceScoresIsAsKnown) {
    EXPECT_DOUBLE_EQ(float_auroc({0.5F, 0.8F}, {0.5F, 0.2F}).value(), 0.875);
    EXPECT_DOUBLE_EQ(float_auroc({1, 1, 1}, {1, 1}).value(), 0.5);
}

TEST(FloatAuroc, DoesNotTellTheTwoZerosApart) {
    EXPECT_DOUBLE_EQ(float_auroc({0.0F}, {-0.0F}).value(), 0.5);
}

TEST(FloatAuroc, CountsHalfOfAMillionPixelsExactly) {
    // Each positive is above exactly half of the negatives and equal to one.
    std::vector<float> negatives(500'001);
    for (std::size_t i = 0; i < negatives.size(); ++i) {
        negatives[i] = static_cast<float>(i);
    }
    std::mt19937 random(4);
    std::shuffle(negatives.begin(), negatives.end(), random);
    EXPECT_EQ(float_auroc(std::vector<float>(1000, 250'000.0F), negatives).value(), 0.5);
    EXPECT_EQ(
        float_auroc(std::vector<float>(1000, 250'001.0F), negatives).value(), 250'001.5 / 500'001
    );
}

TEST(FloatAuroc, NeedsBothSides) {
    EXPECT_FALSE(float_auroc({}, {1}));
    EXPECT_FALSE(float_auroc({1}, {}));
}

}  // namespace
}  // namespace xorch
