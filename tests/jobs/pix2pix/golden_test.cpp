// Numbers that were computed elsewhere, by hand or from the report's own tables.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/pix2pix/scores/failures.h"
#include "jobs/pix2pix/scores/hard_sampler.h"
#include "jobs/pix2pix/scores/validation.h"

namespace xorch::pix2pix {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double tolerance = 1e-6;

Plane plane_of(int height, int width, std::vector<float> values) {
    Plane plane(height, width);
    plane.values = std::move(values);
    return plane;
}

TEST(Pix2pixGolden, G01DistanceAndPsnrAreThoseOfPlanesInMinusOneToOne) {
    const Plane a = plane_of(2, 2, {-1, 0, 0.5F, 1});
    const Plane b = plane_of(2, 2, {-1, 0.2F, 0.5F, 0.6F});
    EXPECT_NEAR(mean_distance(a, b), 0.15, tolerance);
    EXPECT_NEAR(psnr(mean_square(a, b)), 19.030900, tolerance);
}

TEST(Pix2pixGolden, G02ThePsnrOfPooledSquaresIsBelowTheMeanOfThePairs) {
    std::vector<PairScore> scores(2);
    scores[0].mean_square = 4 * 0.005;  // planes in [-1, 1] instead of [0, 1]
    scores[1].mean_square = 4 * 0.08;
    for (PairScore& score : scores) {
        score.psnr = psnr(score.mean_square);
    }
    const ValidationMeans together = means_of(scores, 2, {});
    EXPECT_NEAR(together.psnr_sample, 16.989700, tolerance);
    EXPECT_NEAR(together.psnr_batch, 13.716110, tolerance);
    EXPECT_NEAR(means_of(scores, 1, {}).psnr_batch, 16.989700, tolerance);
}

TEST(Pix2pixGolden, G03AStepAndARampDifferByAQuarterInEdgesAndInValues) {
    Plane step(4, 4);
    Plane ramp(4, 4);
    for (int y = 0; y < 4; ++y) {
        for (int x = 0; x < 4; ++x) {
            step.at(y, x) = x < 2 ? 0.0F : 1.0F;
            ramp.at(y, x) = x == 0 ? 0.0F : x == 3 ? 1.0F : 0.5F;
        }
    }
    EXPECT_NEAR(mean_of_plane(edge_distance(ramp, step)), 0.25, tolerance);
    EXPECT_NEAR(mean_distance(ramp, step), 0.25, tolerance);
    // Gradients in x: 0, .5, .5, 0 of the step, .25 everywhere of the ramp.
    const Plane flat(4, 4);
    const Plane of_step = edge_distance(step, flat);
    EXPECT_THAT(
        std::vector<float>(of_step.values.begin(), of_step.values.begin() + 4),
        ElementsAre(0.0F, 0.5F, 0.5F, 0.0F)
    );
    const Plane of_ramp = edge_distance(ramp, flat);
    EXPECT_THAT(of_ramp.values, testing::Each(0.25F));
}

TEST(Pix2pixGolden, G04TheProxyWeighsRegionsAndWithinThemDistanceAndEdges) {
    const RegionScores scores{
        {{0.10, 0.04}, {0.16, 0.09}, {0.13, 0.05}}
    };
    EXPECT_NEAR(landmark_proxy(scores), 0.095, tolerance);
    EXPECT_NEAR(
        landmark_proxy(
            scores,
            {
                .regions = {1, 2, 1}
    }
        ),
        0.1025,
        tolerance
    );
}

TEST(Pix2pixGolden, G05HardPairsAreDrawnInProportionToTheirWeight) {
    EXPECT_THAT(
        sampling_shares({"0", "1", "2", "3"}, {"0", "3"}, 4),
        ElementsAre(
            DoubleNear(0.4, tolerance),
            DoubleNear(0.1, tolerance),
            DoubleNear(0.1, tolerance),
            DoubleNear(0.4, tolerance)
        )
    );
}

// What the report concludes, from the numbers that it prints.
TEST(Pix2pixGolden, TheReportsArithmeticHolds) {
    EXPECT_NEAR(100 * (0.153135 / 0.148610 - 1), 3.0449, 1e-4);
    Ids hard;
    for (int id = 1; id <= 23; ++id) {
        hard.push_back(std::to_string(id));
    }
    const auto first = hardcase_pass_rate(hard, Ids(hard.begin(), hard.begin() + 13));
    const auto second = hardcase_pass_rate(hard, Ids(hard.begin(), hard.begin() + 10));
    ASSERT_TRUE(first && second);
    EXPECT_NEAR(*first, 0.434783, tolerance);
    EXPECT_NEAR(*second, 0.565217, tolerance);
    EXPECT_NEAR(*second / *first - 1, 0.30, tolerance);  // 10 passes become 13
    // Distances in [0, 1] would be below this root mean square; those of the report are not.
    const double root_mean_square = std::sqrt(4 / std::pow(10, 17.87 / 10));
    EXPECT_NEAR(root_mean_square / 2, 0.1278, 1e-4);
    EXPECT_GT(0.143374, root_mean_square / 2);
    EXPECT_LT(0.143374, root_mean_square);
}

TEST(Pix2pixFailures, APairFailsAboveOneThresholdOrBelowTheOther) {
    const FailureThresholds thresholds{.l1 = 0.2, .psnr = 15};
    PairScore score{.l1 = 0.2, .psnr = 15};
    EXPECT_FALSE(has_failed(score, thresholds));
    score.l1 = 0.2001;
    EXPECT_TRUE(has_failed(score, thresholds));
    score = {.l1 = 0.1, .psnr = 14.9};
    EXPECT_TRUE(has_failed(score, thresholds));
}

TEST(Pix2pixFailures, ThresholdsLieHalfADeviationFromTheMeans) {
    std::vector<PairScore> scores(3);
    for (std::size_t i = 0; i < 3; ++i) {
        scores[i].l1 = 0.1 * static_cast<double>(i + 1);
        scores[i].psnr = 10.0 + 2.0 * static_cast<double>(i);
    }
    const FailureThresholds thresholds = thresholds_of(scores, 0.5);
    EXPECT_NEAR(thresholds.l1, 0.25, tolerance);
    EXPECT_NEAR(thresholds.psnr, 11, tolerance);
    EXPECT_THAT(failed_ids({"3", "9", "10"}, scores, thresholds), ElementsAre("3", "10"));
    EXPECT_THAT(worst_failures({"3", "9", "10"}, scores, thresholds, 1), ElementsAre("10"));
    EXPECT_THAT(worst_failures({"3", "9", "10"}, scores, thresholds, 9), ElementsAre("3", "10"));
}

TEST(Pix2pixFailures, IdsOfSeveralPhasesMeetByNumber) {
    EXPECT_THAT(common_ids({"9", "24", "333"}, {"24", "50", "333"}), ElementsAre("24", "333"));
    EXPECT_THAT(ids_without({"9", "24", "333"}, {"24"}), ElementsAre("9", "333"));
    EXPECT_FALSE(hardcase_pass_rate({}, {"1"}).has_value());
}

TEST(Pix2pixSampler, ADrawDependsOnSeedEpochAndPlaceAlone) {
    const std::vector<double> shares = sampling_shares({"1", "2", "3", "4", "5"}, {"2"}, 8);
    EXPECT_EQ(draw_epoch(7, 1, shares), draw_epoch(7, 1, shares));
    EXPECT_NE(draw_epoch(7, 1, shares), draw_epoch(7, 2, shares));
    int hard = 0;
    for (int epoch = 0; epoch < 400; ++epoch) {
        for (const std::size_t drawn : draw_epoch(7, epoch, shares)) {
            hard += drawn == 1 ? 1 : 0;
        }
    }
    EXPECT_NEAR(hard / 2000.0, 8.0 / 12.0, 0.04);
}

TEST(Pix2pixValidation, KeysOfAPhaseCompareInTheirOrder) {
    const ValidationSummary summary{
        .means = {.l1 = 0.15,        .psnr_sample = 18, .psnr_batch = 17, .proxy = 0.1, .regions = {}},
        .failed = Ids{"1", "2"},
        .pass_rate = {              }
    };
    EXPECT_THAT(phase_key(summary, PhaseKey::failures), ElementsAre(2, 0.15));
    EXPECT_THAT(phase_key(summary, PhaseKey::proxy), ElementsAre(0.1, 2, 0.15));
    EXPECT_THAT(phase_key(summary, PhaseKey::l1), ElementsAre(0.15));
}

TEST(Pix2pixValidation, TheGateAsksForDistancePsnrAndFailures) {
    ValidationSummary summary{
        .means = {.l1 = 0.170,       .psnr_sample = 17, .psnr_batch = 17, .proxy = 0, .regions = {}},
        .failed = Ids(20, "1"),
        .pass_rate = {   }
    };
    EXPECT_TRUE(passes_gate(summary));
    summary.failed = Ids(21, "1");
    EXPECT_FALSE(passes_gate(summary));
    summary.failed = Ids();
    summary.means.psnr_sample = 16.99;
    EXPECT_FALSE(passes_gate(summary));
}

}  // namespace
}  // namespace xorch::pix2pix
