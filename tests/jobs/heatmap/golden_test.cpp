// Numbers that an independent program computed, or that the study's own tables hold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "jobs/heatmap/detect/average_precision.h"
#include "jobs/heatmap/maps/gaps.h"
#include "jobs/heatmap/maps/heat_map.h"

namespace xorch::heatmap {
namespace {

using testing::ElementsAre;

constexpr double tolerance = 1e-6;

void expect_near(const std::vector<double>& values, const std::vector<double>& expected) {
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(values[i], expected[i], tolerance) << i;
    }
}

struct Example {
    Tokens tokens{
        .grid = 2, .width = 2, .values = {0, 0, 3, 1, 3, 1.2F, 3, 0.8F, 1.5F, 1}
    };
    TextFeatures texts{
        .classes = {0 },
          .width = 2, .values = { 1, 0}
    };
    std::vector<bool> inside{false, false, false, true};

    std::vector<double> map(const SimilarityRules& rules) const {
        return compare_patches(tokens, texts, 0, rules).map.values;
    }

    double gap(const SimilarityRules& rules) const {
        return gap_of(compare_patches(tokens, texts, 0, rules).map, inside)->size();
    }
};

TEST(HeatmapGolden, G3_1CentringWidensAGapOfCosines) {
    const Example example;
    expect_near(example.map({}), {0.948683, 0.928477, 0.966235, 0.832050});
    EXPECT_NEAR(example.gap({}), -0.115748, tolerance);
    const SimilarityRules surgery{.surgery = Surgery::patch_mean};
    expect_near(example.map(surgery), {1, 0.882353, 0.882353, -1.0});
    EXPECT_NEAR(example.gap(surgery), -1.921569, tolerance);
}

TEST(HeatmapGolden, G3_1WithoutNormalisationCentringChangesNoGap) {
    const Example example;
    EXPECT_NEAR(example.gap({.is_cosine = false}), -1.5, tolerance);
    EXPECT_NEAR(example.gap({.surgery = Surgery::patch_mean, .is_cosine = false}), -1.5, tolerance);
}

HeatMap eight_values() {
    HeatMap map(2, 4);
    map.values = {0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.24, 0.17};
    return map;
}

TEST(HeatmapGolden, G3_2ThresholdsOfEightValues) {
    const Thresholds thresholds(eight_values().values);
    EXPECT_NEAR(thresholds.percentile(75), 0.205, tolerance);
    EXPECT_NEAR(thresholds.percentile(50), 0.175, tolerance);
    EXPECT_NEAR(thresholds.percentile(30), 0.161, tolerance);
    EXPECT_NEAR(thresholds.top(75), 0.22, tolerance);
}

TEST(HeatmapGolden, G3_2MasksAreThoseOfTheScaledMap) {
    const HeatMap raw = eight_values();
    const HeatMap scaled = min_max(raw);
    for (int percent = 0; percent <= 100; ++percent) {
        EXPECT_EQ(
            apply_threshold(raw, {.threshold = Thresholds(raw.values).percentile(percent)}),
            apply_threshold(scaled, {.threshold = Thresholds(scaled.values).percentile(percent)})
        ) << percent;
    }
}

TEST(HeatmapGolden, G3_2TheInvertedMapKeepsItsLowestSeventyPerCent) {
    const HeatMap map = eight_values();
    const double threshold = Thresholds(map.values).inverted_percentile(30);
    EXPECT_THAT(
        apply_threshold(inverted(map), {.threshold = threshold}).values,
        ElementsAre(255, 255, 255, 255, 0, 0, 0, 255)
    );
}

TEST(HeatmapGolden, G3_4AStricterOverlapMovesTheHits) {
    const ClassBoxes boxes{
        .detections =
            {{.image = 0, .box = {0, 0, 100, 50}, .score = 0.9},
                         {.image = 0, .box = {0, 0, 90, 100}, .score = 0.8},
                         {.image = 1, .box = {100, 100, 200, 180}, .score = 0.7}},
        .truths = {{0, {0, 0, 100, 100}},                                                  {1, {100, 100, 200, 200}}                           }
    };
    expect_near(
        average_precisions(boxes, {0.05, 0.5, 0.85}, Matching::per_image),
        {0.848485, 0.848485, 0.272727}
    );
}

TEST(HeatmapGolden, G3_5PooledBoxesHitInAnotherImage) {
    const ClassBoxes boxes{
        .detections =
            {{.image = 0, .box = {100, 100, 200, 200}, .score = 0.9},
                         {.image = 1, .box = {0, 0, 100, 100}, .score = 0.8}                               },
        .truths = {{0, {0, 0, 100, 100}},                                   {1, {100, 100, 200, 200}}}
    };
    EXPECT_NEAR(average_precisions(boxes, {0.5}, Matching::pooled)[0], 1, tolerance);
    EXPECT_EQ(average_precisions(boxes, {0.5}, Matching::per_image)[0], 0);
}

TEST(HeatmapGolden, G3_6TheGapsOfFiveSamples) {
    const GapSummary summary = summarise({
        {-0.0698, -0.1042},
        {0.0015,  -0.0205},
        {0.0024,  -0.0366},
        {-0.0215, -0.0463},
        {-0.0443, -0.0665},
    });
    EXPECT_EQ(summary.samples, 5);
    EXPECT_NEAR(summary.mean_before, -0.02634, tolerance);
    EXPECT_NEAR(summary.mean_after, -0.05482, tolerance);
    EXPECT_NEAR(summary.share_negative_before, 0.6, tolerance);
    EXPECT_EQ(summary.reversed, 2);
    ASSERT_TRUE(summary.change_per_cent);
    EXPECT_NEAR(*summary.change_per_cent, -108, 0.2);
}

TEST(HeatmapGolden, AChangeFromNoGapIsNoNumber) {
    EXPECT_FALSE(summarise({
                               {0.5,  1},
                               {-0.5, 1}
    }
    ).change_per_cent);
}

// The study's scores are sixths of 1, 1/2 and 1/3: a class found at once, after one wrong box,
// after two. So six of the twenty classes had a true box, and the mean is over those alone.
TEST(HeatmapGolden, G3_7TheMeanIsOverTheClassesThatHaveATrueBox) {
    const Box thing{0, 0, 50, 50};
    const Box elsewhere{100, 100, 150, 150};
    BoxesByClass boxes;
    for (ClassNumber number = 0; number < 6; ++number) {
        boxes[number].truths.push_back({number, thing});
    }
    boxes[7].detections.push_back({.image = 0, .box = thing, .score = 1});
    const auto score_after = [&](int wrong_boxes) {
        std::vector<Detection>& detections = boxes[0].detections;
        detections.assign(static_cast<std::size_t>(wrong_boxes), {0, elsewhere, 1});
        detections.push_back({.image = 0, .box = thing, .score = 0.5});
        return mean_precision(boxes, {0.5}, Matching::per_image)->mean[0];
    };
    EXPECT_NEAR(score_after(0), 0.1667, 5e-5);
    EXPECT_NEAR(score_after(1), 0.0833, 5e-5);
    EXPECT_NEAR(score_after(2), 0.0556, 5e-5);
    EXPECT_EQ(mean_precision(boxes, {0.5}, Matching::per_image)->classes.size(), 6U);
    EXPECT_FALSE(mean_precision({}, {0.5}, Matching::per_image));
}

}  // namespace
}  // namespace xorch::heatmap
