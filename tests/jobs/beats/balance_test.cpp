// Losses and scores against slow programs that share nothing with them, on random input.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "jobs/beats/balance/class_weights.h"
#include "jobs/beats/balance/collapse.h"
#include "jobs/beats/balance/loss.h"
#include "jobs/beats/balance/sampler.h"
#include "tests/jobs/beats/confusion_rows.h"

namespace xorch::beats {
namespace {

using Function = std::function<double(const std::vector<double>&)>;

struct Drawn {
    std::vector<float> logits;
    std::vector<std::uint8_t> classes;
    PerClass weights{};
};

Drawn draw(std::int64_t number) {
    RandomStream random(5, "losses", {number});
    Drawn drawn;
    const std::uint64_t beats = 1 + random.below(9);
    for (std::uint64_t beat = 0; beat < beats; ++beat) {
        drawn.classes.push_back(static_cast<std::uint8_t>(random.below(class_count)));
        for (int i = 0; i < class_count; ++i) {
            drawn.logits.push_back(static_cast<float>(random.uniform(-4, 4)));
        }
    }
    for (double& weight : drawn.weights) {
        weight = random.uniform(0.1, 8);
    }
    return drawn;
}

// As the formulas are written, one beat after the other.
double slow_loss(const std::vector<double>& logits, const Drawn& drawn, const LossSettings& how) {
    double sum = 0;
    double scale = 0;
    for (std::size_t beat = 0; beat < drawn.classes.size(); ++beat) {
        const std::size_t truth = drawn.classes[beat];
        double total = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            total += std::exp(logits[4 * beat + i]);
        }
        const double p = std::exp(logits[4 * beat + truth]) / total;
        const double weight = how.weights[truth];
        if (how.kind == LossKind::focal) {
            sum -= weight * std::pow(1 - p, how.gamma) * std::log(p);
            scale += 1;
        } else {
            sum -= weight * std::log(p);
            scale += weight;
        }
    }
    return sum / scale;
}

std::vector<LossSettings> all_losses(const PerClass& weights) {
    std::vector<LossSettings> losses(2);
    losses[1].weights = weights;
    for (const double gamma : {0.0, 0.5, 2.0, 2.5}) {
        losses.push_back({.kind = LossKind::focal, .gamma = gamma});
    }
    losses.back().weights = focal_weights(weights);
    return losses;
}

TEST(BeatsLoss, IsThatOfASlowProgramOnRandomInput) {
    for (std::int64_t number = 0; number < 50; ++number) {
        const Drawn drawn = draw(number);
        const std::vector<double> logits(drawn.logits.begin(), drawn.logits.end());
        for (const LossSettings& how : all_losses(drawn.weights)) {
            EXPECT_NEAR(
                mean_loss(drawn.logits, drawn.classes, how), slow_loss(logits, drawn, how), 1e-12
            );
        }
    }
}

TEST(BeatsLoss, HasTheGradientThatDifferencesShow) {
    constexpr double step = 1e-5;
    for (std::int64_t number = 0; number < 20; ++number) {
        const Drawn drawn = draw(number);
        for (const LossSettings& how : all_losses(drawn.weights)) {
            std::vector<float> gradient(drawn.logits.size());
            mean_loss(drawn.logits, drawn.classes, how, gradient);
            for (std::size_t i = 0; i < gradient.size(); ++i) {
                std::vector<double> up(drawn.logits.begin(), drawn.logits.end());
                std::vector<double> down = up;
                up[i] += step;
                down[i] -= step;
                const double slope =
                    (slow_loss(up, drawn, how) - slow_loss(down, drawn, how)) / (2 * step);
                EXPECT_NEAR(gradient[i], slope, 1e-6);
            }
        }
    }
}

TEST(BeatsLoss, StaysFiniteWhereANetworkIsSureOrSurelyWrong) {
    const std::vector<std::uint8_t> truth{0};
    for (const float logit : {-1000.0F, 1000.0F}) {
        const std::vector<float> logits{logit, 0, 0, 0};
        for (const LossSettings& how : all_losses({1, 2, 3, 4})) {
            std::vector<float> gradient(4);
            EXPECT_TRUE(std::isfinite(mean_loss(logits, truth, how, gradient)));
            for (const float slope : gradient) {
                EXPECT_TRUE(std::isfinite(slope));
            }
        }
    }
}

TEST(BeatsLoss, OfALogitThatIsNoNumberIsNone) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::uint8_t> truth{2};
    for (std::size_t i = 0; i < 4; ++i) {
        std::vector<float> logits{0, 1, 2, 3};
        logits[i] = nan;
        EXPECT_TRUE(std::isnan(mean_loss(logits, truth, {}))) << i;
    }
}

TEST(BeatsScores, AreThoseOfASlowProgramOnRandomAnswers) {
    for (std::int64_t number = 0; number < 50; ++number) {
        RandomStream random(6, "answers", {number});
        std::vector<std::pair<std::size_t, std::size_t>> answers;  // truth, prediction
        Confusion confusion{};
        const std::uint64_t classes_seen = 1 + random.below(class_count);
        for (int beat = 0; beat < 30; ++beat) {
            answers.emplace_back(random.below(class_count), random.below(classes_seen));
            ++confusion[answers.back().first][answers.back().second];
        }
        const Scores scores = score(confusion);
        PerClass f1{};
        double right = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            double hits = 0;
            double missed = 0;
            double wrong = 0;
            for (const auto& [truth, predicted] : answers) {
                hits += truth == i && predicted == i ? 1 : 0;
                missed += truth == i && predicted != i ? 1 : 0;
                wrong += truth != i && predicted == i ? 1 : 0;
            }
            const double precision = hits > 0 ? hits / (hits + wrong) : 0;
            const double recall = hits > 0 ? hits / (hits + missed) : 0;
            f1[i] = hits > 0 ? 2 * precision * recall / (precision + recall) : 0;
            right += hits;
            EXPECT_NEAR(scores.precision[i], precision, 1e-12);
            EXPECT_NEAR(scores.recall[i], recall, 1e-12);
            EXPECT_NEAR(scores.f1[i], f1[i], 1e-12);
        }
        EXPECT_NEAR(scores.accuracy, right / 30, 1e-12);
        EXPECT_NEAR(scores.macro_f1, (f1[0] + f1[1] + f1[2] + f1[3]) / 4, 1e-12);
        EXPECT_NEAR(scores.abnormal_macro_f1, (f1[1] + f1[2] + f1[3]) / 3, 1e-12);
        EXPECT_NEAR(scores.rare_macro_f1, (f1[1] + f1[2]) / 2, 1e-12);
        EXPECT_NEAR(scores.min_f1, std::min({f1[0], f1[1], f1[2], f1[3]}), 1e-12);
    }
}

TEST(BeatsSampler, DrawsTheMixThatItExpects) {
    constexpr std::size_t beats = 20000;
    std::vector<std::uint8_t> classes(beats, 0);
    std::fill_n(classes.begin(), 700, std::uint8_t{1});
    std::fill_n(classes.begin() + 700, 900, std::uint8_t{2});
    std::fill_n(classes.begin() + 1600, 2400, std::uint8_t{3});
    const SamplerPlan plan = plan_sampler(count_classes(classes), {.power = .7, .max_ratio = 6});
    RandomStream random(7, "sampler", {1});
    ClassCounts drawn{};
    std::vector<std::size_t> first_of_s;
    for (const std::size_t beat : draw_beats(random, plan.mix, classes)) {
        ++drawn[classes[beat]];
        if (classes[beat] == 1) first_of_s.push_back(beat);
    }
    const PerClass shares = shares_of(drawn);
    for (std::size_t i = 0; i < shares.size(); ++i) {
        EXPECT_NEAR(shares[i], plan.mix[i], 0.01);  // three standard deviations
    }
    // Any beat of a class may come.
    EXPECT_LT(*std::min_element(first_of_s.begin(), first_of_s.end()), 20U);
    EXPECT_GT(*std::max_element(first_of_s.begin(), first_of_s.end()), 680U);
}

TEST(BeatsWeights, WithoutARatioNothingIsClamped) {
    const ClassCounts counts{10000, 1, 100, 100};
    const ClassWeights weights = weigh_classes(counts, {.norm = WeightNorm::majority1});
    EXPECT_EQ(weights.clamped, weights.raw);
    EXPECT_EQ(weights.raw[1], 10000);
    EXPECT_EQ(weigh_classes(counts, {}).raw, (PerClass{1, 1, 1, 1}));
    for (const char* name : {"none", "balanced", "mean1", "majority1"}) {
        EXPECT_TRUE(parse_weight_norm(name)) << name;
    }
    EXPECT_FALSE(parse_weight_norm("balance"));
}

TEST(BeatsCollapse, ARareClassWithoutAnswersIsNoneWhereItHardlyOccurs) {
    EXPECT_EQ(collapse_of(rows({900, 0, 50, 40}, {5, 0, 0, 0}, {0, 0, 9, 0}, {0, 0, 0, 9})), "");
    EXPECT_EQ(
        collapse_of(rows({900, 0, 50, 40}, {12, 0, 0, 0}, {0, 0, 9, 0}, {0, 0, 0, 9})), "NVO"
    );
    EXPECT_EQ(collapse_of(rows({0, 90, 0, 0}, {0, 4, 0, 0}, {0, 4, 0, 0}, {0, 2, 0, 0})), "S");
    EXPECT_EQ(collapse_of({}), "");
}

TEST(BeatsCollapse, TheReportsRoundsFavourTheClassesThatTheyFellTo) {
    const ClassCounts counts{8060, 334, 379, 1227};
    const PerClass even{1, 1, 1, 1};
    EXPECT_EQ(gradient_shares(natural_plan(counts).mix, even, counts).favoured, "N");
    const SamplerPlan mild = plan_sampler(counts, {.power = .7, .max_ratio = 6});
    const GradientShares shares = gradient_shares(mild.mix, even, counts);
    EXPECT_EQ(shares.favoured, "NO");
    EXPECT_FALSE(shares.is_lopsided);
}

}  // namespace
}  // namespace xorch::beats
