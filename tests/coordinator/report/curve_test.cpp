#include "coordinator/report/tables/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/report/tables/summary.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::vector<BudgetPoint> spread_around_a_curve(double spread) {
    std::vector<BudgetPoint> points;
    for (const double budget : {30.0, 2.0, 5.0, 10.0, 20.0}) {
        const double mean = 0.9 - 0.98 / (budget * budget);
        points.push_back({
            .budget = budget, .values = {mean - spread, mean + spread}
        });
    }
    return points;
}

TEST(BudgetCurve, NamesTheBudgetAfterWhichGainsAreNoise) {
    const BudgetCurve curve = make_curve(spread_around_a_curve(0.012), 1);
    ASSERT_TRUE(curve.fit);
    EXPECT_NEAR(curve.fit->c, 2.0, 0.02);
    EXPECT_EQ(curve.sufficient_budget, 5);
    EXPECT_EQ(curve.points.front().budget, 2) << "by budget, whatever the order of rows";
    EXPECT_EQ(curve.band.size(), 5);
    EXPECT_THAT(curve_line(curve), HasSubstr("after 5 gains are noise"));
}

TEST(BudgetCurve, CountsTheRepeatsThatTellTwoBudgetsApart) {
    const BudgetCurve curve = make_curve(spread_around_a_curve(0.012), 1);
    ASSERT_EQ(curve.steps.size(), 4);
    for (const BudgetStep& step : curve.steps) {
        EXPECT_EQ(step.repeats, repeats_to_tell(step.gain, *curve.noise));
    }
    EXPECT_LT(*curve.steps.front().repeats, 5);
    EXPECT_GT(curve.steps.back().repeats.value_or(10'000), 100);
}

TEST(BudgetCurve, SaysWhatItCannotTell) {
    EXPECT_THAT(
        curve_line(make_curve(
            {
                {2, {1}},
                {4, {2}}
    },
            1
        )),
        HasSubstr("three budgets")
    );
    const BudgetCurve single = make_curve(
        {
            {2, {1}  },
            {4, {2}  },
            {8, {2.5}}
    },
        1
    );
    EXPECT_FALSE(single.sufficient_budget);
    EXPECT_TRUE(single.band.empty());
    EXPECT_THAT(curve_line(single), HasSubstr("repeats would say what is noise"));
}

TEST(BudgetCurve, IsPartOfASummaryThatAsksForIt) {
    Sweep sweep = SampleSweep::sweep_of_six();
    sweep.stages[0].axes[0].name = "budget";
    sweep.stages[0].axes[0].values = {2, 4, 8};
    sweep.stages[0].argv = {"train"};
    sweep.summary.by = {"budget"};
    sweep.summary.curve = "budget";
    SampleSweep sample(sweep);
    for (std::uint32_t i = 0; i < 9; ++i) {
        const double value = 1.0 - 1.0 / std::pow(2.0, 1.0 + i / 3) + 0.001 * (i % 3);
        sample.finish(i, "{\"ap50\": " + format_double(value) + "}\n");
    }
    const auto summary = make_summary(sample.read());
    ASSERT_TRUE(summary) << summary.error().message;
    ASSERT_EQ(summary->curves.size(), 1);
    EXPECT_EQ(summary->curves[0].metric, "ap50");
    EXPECT_NEAR(summary->curves[0].fit->c, 1.0, 0.1);
    EXPECT_NE(find_member(summary_json(*summary), "curves"), nullptr);
    EXPECT_THAT(summary_lines(*summary), Contains(HasSubstr("ap50: ")));
}

}  // namespace
}  // namespace xorch
