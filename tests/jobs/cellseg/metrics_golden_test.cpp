#include <gtest/gtest.h>

#include <numeric>

#include "core/statistics/adjustment.h"
#include "core/statistics/correlation.h"
#include "core/statistics/percentile.h"
#include "jobs/cellseg/images/normalise.h"
#include "jobs/cellseg/metrics/gating.h"
#include "jobs/cellseg/metrics/matching.h"
#include "tests/jobs/cellseg/drawings.h"

namespace xorch::cellseg {
namespace {

constexpr double tolerance = 1e-6;

Counts counts(int true_positive, int false_positive, int false_negative) {
    return {
        .true_positive = true_positive,
        .false_positive = false_positive,
        .false_negative = false_negative};
}

Labels columns(int height, int width, std::initializer_list<std::array<int, 3>> cells) {
    Labels labels(height, width);
    for (const auto& [label, first, last] : cells) {
        for (int y = 0; y < height; ++y) {
            for (int x = first; x <= last; ++x) {
                labels.at(y, x) = label;
            }
        }
    }
    return labels;
}

TEST(CellsegGolden, G1_3_ExactTiesAtOneHalfAreMatchedOnce) {
    const Labels truth = columns(
        4,
        10,
        {
            {1, 1, 4},
            {2, 5, 8}
    }
    );
    const Labels predicted = columns(
        4,
        10,
        {
            {1, 1, 2},
            {2, 3, 4},
            {3, 5, 7}
    }
    );
    const Overlaps overlaps = find_overlaps(truth, predicted);
    ASSERT_EQ(overlaps.pairs.size(), 3U);
    EXPECT_NEAR(overlaps.pairs[0].iou, 0.5, tolerance);
    EXPECT_NEAR(overlaps.pairs[1].iou, 0.5, tolerance);
    EXPECT_NEAR(overlaps.pairs[2].iou, 0.75, tolerance);
    EXPECT_EQ(match_cells(overlaps, 0.5), counts(2, 1, 0));
    EXPECT_EQ(match_cells(overlaps, 0.75), counts(1, 2, 1));
    EXPECT_EQ(match_cells(overlaps, 0.9), counts(0, 3, 2));
}

TEST(CellsegGolden, G1_4_ACellThatReachesIntoAnotherIsJudgedByOverlap) {
    const Labels truth = columns(
        1,
        20,
        {
            {1, 0,  9 },
            {2, 10, 19}
    }
    );
    const Labels predicted = columns(
        1,
        20,
        {
            {1, 0, 5 },
            {2, 6, 19}
    }
    );
    const Overlaps overlaps = find_overlaps(truth, predicted);
    ASSERT_EQ(overlaps.pairs.size(), 3U);
    EXPECT_NEAR(overlaps.pairs[0].iou, 0.6, tolerance);
    EXPECT_NEAR(overlaps.pairs[1].iou, 0.2, tolerance);
    EXPECT_NEAR(overlaps.pairs[2].iou, 0.714286, tolerance);
    EXPECT_EQ(match_cells(overlaps, 0.5), counts(2, 0, 0));
    EXPECT_EQ(match_cells(overlaps, 0.75), counts(0, 2, 2));
}

TEST(CellsegGolden, G1_5_PooledCountsGiveThePublishedRates) {
    struct Row {
        Counts pooled;
        double precision;
        double recall;
        double f1;
        double ap;
    };

    const std::vector<Row> rows{
        {counts(841, 7755, 231), 0.097836, 0.784515, 0.173976, 0.095276},
        {counts(564, 562,  508), 0.500888, 0.526119, 0.513194, 0.345165},
        {counts(663, 2142, 409), 0.236364, 0.618470, 0.342017, 0.206285},
        {counts(611, 706,  461), 0.463933, 0.569963, 0.511511, 0.343645},
        {counts(564, 559,  508), 0.502226, 0.526119, 0.513895, 0.345800},
    };
    for (const Row& row : rows) {
        const Rates rates = rates_of(row.pooled);
        EXPECT_NEAR(rates.precision, row.precision, tolerance);
        EXPECT_NEAR(rates.recall, row.recall, tolerance);
        EXPECT_NEAR(rates.f1, row.f1, tolerance);
        EXPECT_NEAR(average_precision(row.pooled), row.ap, tolerance);
    }
}

TEST(CellsegGolden, G1_10_NormalisingTakesThePercentilesAndDoesNotClip) {
    Plane channel(1, 5);
    channel.values = {0.0F, 0.0F, 1.0F, 2.0F, 10.0F};
    EXPECT_NEAR(percentile(channel.values, 0.99), 9.68, tolerance);
    const std::vector<float> expected{0.0F, 0.0F, 0.103306F, 0.206612F, 1.033058F};
    const Plane normal = normalise(channel);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(normal.values[i], expected[i], tolerance);
    }
}

TEST(CellsegGolden, G1_11_MacroAndPooledPrecisionDiffer) {
    const Counts first = counts(3, 1, 1);
    const Counts second = counts(0, 4, 2);
    EXPECT_NEAR((average_precision(first) + average_precision(second)) / 2.0, 0.3, tolerance);
    Counts pooled = first;
    pooled += second;
    EXPECT_NEAR(average_precision(pooled), 0.272727, tolerance);
}

TEST(CellsegGolden, G1_12_TheGateKeepsTheLargeCellWithinThePercentiles) {
    Plane ramp(6, 6);
    std::iota(ramp.values.begin(), ramp.values.end(), 0.0F);
    const Labels labels = draw({"11.55.", "11.55.", "......", "...222", "...222", "...222"});
    EXPECT_NEAR(percentile(ramp.values, 0.05), 1.75, tolerance);
    EXPECT_NEAR(percentile(ramp.values, 0.95), 33.25, tolerance);
    const Labels expected = draw({"......", "......", "......", "...111", "...111", "...111"});
    EXPECT_EQ(apply_gate(labels, ramp, {.low = 5, .high = 95, .min_area = 5}), expected);
    EXPECT_EQ(apply_gate(labels, ramp, {.low = 0.05, .high = 0.95, .min_area = 5}), expected);
}

TEST(CellsegGolden, G1_13_FalseDiscoveryAndRankCorrelationAreAsKnown) {
    const std::vector<double> adjusted = adjust_for_false_discovery({0.01, 0.04, 0.03, 0.2});
    const std::vector<double> expected{0.04, 0.053333, 0.053333, 0.2};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(adjusted[i], expected[i], tolerance);
    }
    const auto correlation = spearman({0.1, 0.2, 0.3, 0.4, 0.5}, {0, 1, 1, 3, 2});
    ASSERT_TRUE(correlation);
    EXPECT_NEAR(correlation->rho, 0.872082, tolerance);
    EXPECT_NEAR(correlation->p, 0.053854, tolerance);
}

}  // namespace
}  // namespace xorch::cellseg
