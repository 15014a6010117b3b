// Goldens of the two branches, and a slow reference of the memory on random features.

#include "jobs/anomaly/encode/branches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "jobs/anomaly/encode/text_gallery.h"

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

constexpr float tolerance = 1e-6F;

Features rows(int columns, std::vector<float> values) {
    return {
        .rows = static_cast<int>(values.size()) / columns,
        .columns = columns,
        .values = std::move(values)};
}

Features random_rows(std::mt19937& random, int count, int columns) {
    Features features{.rows = count, .columns = columns, .values = {}};
    for (int i = 0; i < count * columns; ++i) {
        features.values.push_back(static_cast<float>(random() % 1000) / 500 - 1);
    }
    normalise_rows(features);
    return features;
}

TEST(AnomalyBranches, G24AsksTheTextsAtAnyScale) {
    const Features feature = rows(2, {0.6F, 0.8F});
    const Features texts = rows(2, {0, 1, 1, 0});  // normal is the second axis here
    const Features turned = rows(2, {1, 0, 0, 1});
    EXPECT_THAT(
        semantic_scores(feature, turned, 4.60517), ElementsAre(FloatNear(0.715253F, tolerance))
    );
    EXPECT_THAT(
        semantic_scores(feature, texts, 4.60517), ElementsAre(FloatNear(1 - 0.715253F, tolerance))
    );
    EXPECT_THAT(semantic_scores(feature, turned, 100), ElementsAre(FloatNear(1.0F, tolerance)));
}

TEST(AnomalyBranches, G25MeasuresTheDistanceToTheNearestOfABank) {
    const MemoryScores scores = memory_scores(rows(2, {1, 0}), rows(2, {0.8F, 0.6F, 0, 1}));
    EXPECT_THAT(scores.distance, ElementsAre(FloatNear(0.1F, tolerance)));
    EXPECT_THAT(scores.margin, ElementsAre(FloatNear(0.4F, tolerance)));
    const MemoryScores single = memory_scores(rows(2, {1, 0}), rows(2, {0, 1}));
    EXPECT_THAT(single.distance, ElementsAre(0.5F));
    EXPECT_THAT(single.margin, ElementsAre(0.0F));
}

TEST(AnomalyBranches, OfTheMemoryEqualASlowReference) {
    std::mt19937 random(9);
    const Features features = random_rows(random, 30, 7);
    const Features bank = random_rows(random, 50, 7);
    const MemoryScores scores = memory_scores(features, bank);
    for (int i = 0; i < features.rows; ++i) {
        std::vector<double> distances;
        for (int j = 0; j < bank.rows; ++j) {
            double likeness = 0;
            for (int k = 0; k < bank.columns; ++k) {
                likeness += static_cast<double>(features.row(i)[k]) * bank.row(j)[k];
            }
            distances.push_back((1 - likeness) / 2);
        }
        std::sort(distances.begin(), distances.end());
        const auto at = static_cast<std::size_t>(i);
        ASSERT_NEAR(scores.distance[at], distances[0], 1e-6);
        ASSERT_NEAR(scores.margin[at], distances[1] - distances[0], 1e-6);
    }
}

TEST(AnomalyBranches, OfTwoLevelsAreTheirMean) {
    const MemoryScores mean = mean_scores(
        {
            {0.2F, 0},
            {0.1F, 0}
    },
        {{0.4F, 1}, {0.3F, 0}}
    );
    EXPECT_THAT(mean.distance, ElementsAre(FloatNear(0.3F, tolerance), 0.5F));
    EXPECT_THAT(mean.margin, ElementsAre(FloatNear(0.2F, tolerance), 0.0F));
}

TEST(AnomalyBranches, KnowAPatchOfTheirOwnByItsDistanceOfZero) {
    std::mt19937 random(10);
    const Features bank = random_rows(random, 20, 24);
    for (const float distance : memory_scores(bank, bank).distance) {
        EXPECT_NEAR(distance, 0, 1e-6);
        EXPECT_GE(distance, 0);
    }
}

TEST(AnomalyTexts, OfNormalAndAbnormalLieCloseTogetherForEveryClass) {
    for (const char* name : {"bottle", "metal_nut", "pipe_fryum"}) {
        const Features texts = text_gallery(prompts_of(name));
        ASSERT_EQ(texts.rows, 2);
        double likeness = 0;
        double length = 0;
        for (int i = 0; i < texts.columns; ++i) {
            likeness += static_cast<double>(texts.row(0)[i]) * texts.row(1)[i];
            length += static_cast<double>(texts.row(0)[i]) * texts.row(0)[i];
        }
        EXPECT_NEAR(length, 1, 1e-5);
        EXPECT_GT(likeness, 0.7) << name;
        EXPECT_LT(likeness, 0.99) << name;
    }
    EXPECT_EQ(prompts_of("bottle").normal.size(), 12U);
    EXPECT_EQ(prompts_of("bottle").abnormal[0], "a photo of a damaged bottle");
}

TEST(AnomalyTexts, AreSumsOfWordsWhateverTheirOrder) {
    EXPECT_EQ(embed_text("one two").size(), static_cast<std::size_t>(feature_size));
    EXPECT_EQ(embed_text("one  two"), embed_text("one two"));
    EXPECT_NE(embed_text("one two"), embed_text("one three"));
    EXPECT_THAT(embed_text("two one")[0], FloatNear(embed_text("one two")[0], tolerance));
}

}  // namespace
}  // namespace xorch::anomaly
