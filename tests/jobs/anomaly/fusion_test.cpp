// Goldens of the fusion of two branches, and what must hold for any scores.

#include "jobs/anomaly/score/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/statistics/float_auroc.h"
#include "core/statistics/ranks.h"

namespace xorch::anomaly {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

constexpr float tolerance = 1e-6F;

const std::vector<float> semantic{0.2F, 0.6F, 0.55F, 0.9F};
const std::vector<float> memory{0.3F, 0.1F, 0.5F, 0.7F};
const std::vector<std::uint8_t> truth{0, 0, 1, 1};
const Branches branches{.semantic = semantic, .memory = memory};

double points(const std::vector<float>& scores) {
    return 100 * float_auroc({scores[2], scores[3]}, {scores[0], scores[1]}).value();
}

std::vector<float> random_scores(std::mt19937& random, std::size_t count) {
    std::vector<float> scores(count);
    for (float& score : scores) {
        score = static_cast<float>(random() % 50) / 50;
    }
    return scores;
}

TEST(AnomalyFusion, G21FusesFourScoresInEachMode) {
    const std::vector<float> max{0.3F, 0.6F, 0.55F, 0.9F};
    const std::vector<float> harmonic{0.12F, 0.085714F, 0.261905F, 0.39375F};
    const std::vector<float> oracle{0.2F, 0.1F, 0.55F, 0.9F};
    EXPECT_THAT(fuse(ScoreMode::max, branches), Pointwise(FloatNear(tolerance), max));
    EXPECT_THAT(fuse(ScoreMode::harmonic, branches), Pointwise(FloatNear(tolerance), harmonic));
    EXPECT_THAT(fuse_by_truth(branches, truth), Pointwise(FloatNear(tolerance), oracle));
    EXPECT_EQ(fuse(ScoreMode::semantic, branches), semantic);
    EXPECT_EQ(fuse(ScoreMode::memory, branches), memory);
    // The oracle takes the memory score of the second place alone.
    EXPECT_EQ(oracle_semantic_share(branches, truth), 0.75);
    EXPECT_EQ(semantic_share(branches), 0.75);
}

TEST(AnomalyFusion, G22AreasOfTheFourScores) {
    EXPECT_DOUBLE_EQ(points(semantic), 75);
    EXPECT_DOUBLE_EQ(points(memory), 100);
    EXPECT_DOUBLE_EQ(points(fuse(ScoreMode::max, branches)), 75);
    EXPECT_DOUBLE_EQ(points(fuse(ScoreMode::harmonic, branches)), 100);
    EXPECT_DOUBLE_EQ(points(fuse_by_truth(branches, truth)), 100);
}

TEST(AnomalyFusion, G23TiesCountHalf) {
    EXPECT_DOUBLE_EQ(float_auroc({0.5F, 0.8F}, {0.5F, 0.2F}).value(), 0.875);
    EXPECT_DOUBLE_EQ(float_auroc({0.3F, 0.3F}, {0.3F}).value(), 0.5);
}

TEST(AnomalyFusion, TheOracleIsAtLeastAsGoodAsEitherBranch) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        const std::size_t count = 2 + random() % 60;
        const std::vector<float> first = random_scores(random, count);
        const std::vector<float> second = random_scores(random, count);
        std::vector<std::uint8_t> labels(count);
        for (std::uint8_t& label : labels) {
            label = random() % 2;
        }
        labels[0] = 0;
        labels[1] = 1;
        const auto area = [&](const std::vector<float>& scores) {
            std::vector<float> sides[2];
            for (std::size_t i = 0; i < count; ++i) {
                sides[labels[i]].push_back(scores[i]);
            }
            return float_auroc(sides[1], sides[0]).value();
        };
        const double oracle = area(fuse_by_truth({first, second}, labels));
        ASSERT_GE(oracle, area(first));
        ASSERT_GE(oracle, area(second));
    }
}

TEST(AnomalyFusion, TheHarmonicOfAZeroIsNearlyZero) {
    const std::vector<float> zero{0.0F};
    const std::vector<float> one{1.0F};
    EXPECT_THAT(fuse(ScoreMode::harmonic, {zero, one}), ElementsAre(FloatNear(1e-8F, 1e-12F)));
}

TEST(AnomalyFusion, CalibrationKeepsTheOrderAndLeavesNoScaleApart) {
    std::mt19937 random(6);
    const std::vector<float> scores = random_scores(random, 400);
    std::vector<float> shrunk = scores;
    for (float& score : shrunk) {
        score = score * 0.01F + 3;
    }
    const std::vector<double> ranks = average_ranks({scores.begin(), scores.end()});
    for (const Calibration each : {Calibration::zscore, Calibration::rank}) {
        const std::vector<float> calibrated = calibrate(each, scores);
        EXPECT_EQ(average_ranks({calibrated.begin(), calibrated.end()}), ranks);
        EXPECT_THAT(calibrate(each, shrunk), Pointwise(FloatNear(2e-4F), calibrated));
    }
    EXPECT_EQ(calibrate(Calibration::none, scores), scores);
    EXPECT_THAT(
        calibrate(Calibration::rank, std::vector<float>{5, 1, 1}),
        ElementsAre(
            FloatNear(2.5F / 3, tolerance),
            FloatNear(1.0F / 3, tolerance),
            FloatNear(1.0F / 3, tolerance)
        )
    );
    EXPECT_THAT(calibrate(Calibration::zscore, std::vector<float>{2, 2}), ElementsAre(0.5F, 0.5F));
}

TEST(AnomalyFusion, NamesOfModesAreReadBack) {
    for (const ScoreMode mode : score_modes) {
        EXPECT_EQ(parse_score_mode(score_mode_name(mode)).value(), mode);
    }
    EXPECT_FALSE(parse_score_mode("mean"));
    EXPECT_EQ(parse_calibration("rank").value(), Calibration::rank);
    EXPECT_FALSE(parse_calibration(""));
}

}  // namespace
}  // namespace xorch::anomaly
