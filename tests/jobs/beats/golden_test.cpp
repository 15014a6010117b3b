// Numbers worked out beforehand by an independent program, for the counts of the published log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/beats/balance/class_weights.h"
#include "jobs/beats/balance/collapse.h"
#include "jobs/beats/balance/loss.h"
#include "jobs/beats/balance/sampler.h"
#include "tests/jobs/beats/confusion_rows.h"

namespace xorch::beats {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

constexpr double tolerance = 1e-6;
constexpr ClassCounts counts{8060, 334, 379, 1227};

auto near(const PerClass& expected) {
    return Pointwise(DoubleNear(tolerance), expected);
}

TEST(BeatsGolden, G41TheThreeWaysToScaleWeightsAreTheReports) {
    const PerClass balanced =
        weigh_classes(counts, {.norm = WeightNorm::balanced, .power = 1, .max_ratio = 20}).clamped;
    EXPECT_THAT(balanced, near({.310174, 7.485030, 6.596306, 2.037490}));
    EXPECT_NEAR((balanced[0] + balanced[1] + balanced[2] + balanced[3]) / 4, 4.107250, tolerance);
    const PerClass majority =
        weigh_classes(counts, {.norm = WeightNorm::majority1, .power = 1, .max_ratio = 20}).clamped;
    EXPECT_THAT(majority, near({1, 20, 20, 6.568867}));
    EXPECT_THAT(tempered(majority), near({1, 4.472136, 4.472136, 2.562980}));
    const PerClass mean =
        weigh_classes(counts, {.norm = WeightNorm::mean1, .power = 1, .max_ratio = 4}).clamped;
    EXPECT_THAT(mean, near({.25, 1.822395, 1.606015, .496072}));
}

TEST(BeatsGolden, G42ASamplerByPowerExpectsTheMixOfTheReport) {
    EXPECT_THAT(plan_sampler(counts, {.power = 1}).mix, near({.25, .25, .25, .25}));
    const SamplerPlan plan = plan_sampler(counts, {.power = .7, .max_ratio = 6});
    EXPECT_THAT(plan.weights, near({1, 6, 6, 3.734593}));
    EXPECT_THAT(plan.mix, near({.476350, .118437, .134394, .270819}));
}

TEST(BeatsGolden, G43ACapKeepsBatchesFromTheirTargetMix) {
    const PerClass target{.5, .2, .2, .1};
    const SamplerPlan wide = plan_sampler(counts, {.max_ratio = 10, .target_mix = target});
    EXPECT_THAT(wide.weights, near({1, 9.652695, 8.506596, 1.313773}));
    EXPECT_THAT(wide.mix, near(target));
    const SamplerPlan capped = plan_sampler(counts, {.max_ratio = 6, .target_mix = target});
    EXPECT_THAT(capped.mix, near({.577778, .143656, .163011, .115556}));
}

TEST(BeatsGolden, G44StackedBalancesLeaveTheCommonClassTwoPerCentOfTheGradient) {
    const PerClass even{.25, .25, .25, .25};
    const PerClass balanced =
        weigh_classes(counts, {.norm = WeightNorm::balanced, .max_ratio = 20}).clamped;
    const GradientShares stacked = gradient_shares(even, balanced, counts);
    EXPECT_THAT(stacked.share, near({.018880, .455599, .401504, .124018}));
    EXPECT_TRUE(stacked.is_lopsided);
    EXPECT_EQ(stacked.favoured, "SV");
    const PerClass majority =
        weigh_classes(counts, {.norm = WeightNorm::majority1, .max_ratio = 20}).clamped;
    const GradientShares mild = gradient_shares(even, tempered(majority), counts);
    EXPECT_THAT(mild.share, near({.079954, .357563, .357563, .204920}));
    // N has enough, but S has more than ten times its part of the beats.
    EXPECT_TRUE(mild.is_lopsided);
    EXPECT_NEAR(mild.greatest_ratio, .357563 / .0334, 1e-4);
}

TEST(BeatsGolden, G45LossesOnTwoBeatsAreThoseOfTheFormulas) {
    const std::vector<float> first{2, 0, 0, 0};
    const std::vector<float> second{0, 1, 0, 0};
    const std::vector<float> both{2, 0, 0, 0, 0, 1, 0, 0};
    const std::vector<std::uint8_t> truths{0, 2};
    const std::vector<std::uint8_t> normal{0};
    const std::vector<std::uint8_t> ventricular{2};
    EXPECT_NEAR(mean_loss(first, normal, {}), .340753, tolerance);
    EXPECT_NEAR(mean_loss(second, ventricular, {}), 1.743668, tolerance);
    const PerClass balanced = weigh_classes(counts, {.norm = WeightNorm::balanced}).clamped;
    const LossSettings focal{
        .kind = LossKind::focal, .weights = focal_weights(balanced), .gamma = 2};
    EXPECT_NEAR(mean_loss(first, normal, focal), .000536444, 1e-9);
    EXPECT_NEAR(mean_loss(second, ventricular, focal), .476639718, 1e-9);
    EXPECT_NEAR(mean_loss(both, truths, focal), .238588081, 1e-9);
    EXPECT_NEAR(mean_loss(both, truths, {.kind = LossKind::focal, .gamma = 2}), .607775, tolerance);
    EXPECT_NEAR(mean_loss(both, truths, {.weights = balanced}), 1.680663, tolerance);
}

// Macro, abnormal and rare F1, then the score of 0.2, 0.3 and 0.5 of them.
void expect_scores(const Confusion& confusion, const PerClass& expected) {
    const Scores scores = score(confusion);
    EXPECT_NEAR(scores.macro_f1, expected[0], tolerance);
    EXPECT_NEAR(scores.abnormal_macro_f1, expected[1], tolerance);
    EXPECT_NEAR(scores.rare_macro_f1, expected[2], tolerance);
    EXPECT_NEAR(checkpoint_score(scores, CheckpointScore::rare), expected[3], tolerance);
}

TEST(BeatsGolden, G46AnswersOfSAndVOnlyAreACollapseToThem) {
    const Confusion confusion = rows({0, 50, 30, 0}, {0, 4, 0, 0}, {0, 0, 4, 0}, {0, 7, 5, 0});
    expect_scores(confusion, {.077281, .103041, .154562, .123649});
    EXPECT_EQ(collapse_of(confusion), "SV");
}

TEST(BeatsGolden, G46AnOlderScoreHidesACollapseToNAndO) {
    const Confusion confusion = rows({78, 0, 0, 2}, {3, 0, 0, 1}, {2, 0, 0, 2}, {1, 0, 0, 11});
    expect_scores(confusion, {.434233, .261905, 0, .165418});
    EXPECT_EQ(collapse_of(confusion), "NO");
    const Scores scores = score(confusion);
    EXPECT_NEAR(checkpoint_score(scores, CheckpointScore::half), .348069, tolerance);
    EXPECT_NEAR(checkpoint_score(scores, CheckpointScore::macro), .434233, tolerance);
    // The least F1 is 0, so that 0.4 macro + 0.3 abnormal are left.
    EXPECT_NEAR(
        checkpoint_score(scores, CheckpointScore::worst), .4 * .434233 + .3 * .261905, tolerance
    );
}

TEST(BeatsGolden, G46AnswersOfAllClassesAreNoCollapse) {
    const Confusion confusion = rows({70, 5, 3, 2}, {1, 3, 0, 0}, {0, 1, 3, 0}, {1, 0, 1, 10});
    expect_scores(confusion, {.690345, .613442, .503497, .573850});
    EXPECT_EQ(collapse_of(confusion), "");
}

TEST(BeatsGolden, G46EveryBeatNormalIsACollapseToN) {
    const Confusion confusion = rows({80, 0, 0, 0}, {4, 0, 0, 0}, {4, 0, 0, 0}, {12, 0, 0, 0});
    expect_scores(confusion, {.222222, 0, 0, .044444});
    EXPECT_EQ(collapse_of(confusion), "N");
}

TEST(BeatsGolden, G47WeightsWarmUpFromTheFirstEpochOn) {
    std::vector<double> alphas;
    for (int epoch = 1; epoch <= 6; ++epoch) {
        alphas.push_back(warm_up_alpha(epoch, 5));
    }
    EXPECT_THAT(alphas, Pointwise(DoubleNear(tolerance), {.0, .2, .4, .6, .8, 1.0}));
    EXPECT_EQ(warm_up_alpha(1, 0), 1);
    EXPECT_THAT(warmed({.5, 3, 1, 2}, .25), near({.875, 1.5, 1, 1.25}));
}

}  // namespace
}  // namespace xorch::beats
