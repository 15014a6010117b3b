#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/input/freeze.h"
#include "tests/coordinator/input/sweep_text.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const std::string rule = "[[stop]]\nmetric = \"recall_N\"\nat_most = 0.0\nfrom_step = 2\n";

TEST(StopTable, SaysWhichRowsShowThatAUnitIsHopeless) {
    const Sweep sweep = parse(command("") + rule + "[[stop]]\nmetric = \"loss\"\nis = nan\n");
    ASSERT_THAT(sweep.stops, SizeIs(2));
    EXPECT_EQ(sweep.stops[0].condition.metric, "recall_N");
    EXPECT_EQ(sweep.stops[0].condition.at_most, 0.0);
    EXPECT_EQ(sweep.stops[0].from_step, 2);
    EXPECT_EQ(sweep.stops[0].stage, "");
    ASSERT_TRUE(sweep.stops[1].condition.is);
    EXPECT_TRUE(std::isnan(*sweep.stops[1].condition.is->as_number()));
    EXPECT_EQ(sweep.stops[1].from_step, 0);
}

TEST(StopTable, IsTheSameAfterFreezing) {
    const std::string text = command("") + rule +
                             "stage = \"train\"\n[[stop]]\nmetric = \"loss\"\nis = nan\n"
                             "[[stop]]\nmetric = \"kind\"\nin = [\"flat\", \"gone\"]\n";
    const Sweep sweep = parse(text);
    const auto again = parse_frozen(format_sweep(sweep), SweepLayout{"/s"});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(format_sweep(*again), format_sweep(sweep));
    ASSERT_THAT(again->stops, SizeIs(3));
    EXPECT_EQ(again->stops[0].stage, "train");
    EXPECT_TRUE(std::isnan(*again->stops[1].condition.is->as_number()));
    EXPECT_THAT(again->stops[2].condition.in, SizeIs(2));
}

TEST(StopTable, RefusesAMetricThatNoStageReports) {
    EXPECT_EQ(
        refusal(
            command("records.from.stdout = 'recall=(?<recall_N>\\S+)'") +
            "[[stop]]\nmetric = \"recal_N\"\nat_most = 0\n"
        ),
        "a.toml:8:10: metric names no column that any stage reports: \"recal_N\"; did you mean "
        "\"recall_N\"?"
    );
    EXPECT_THAT(
        refusal(
            stage("job = \"example.regression\"\n") +
            "[[stop]]\nstage = \"train\"\nmetric = \"recal\"\n"
            "at_most = 0\n"
        ),
        HasSubstr("metric names no column that stage \"train\" reports: \"recal\"")
    );
    EXPECT_EQ(refusal(command("") + rule), "accepted") << "only the program knows its columns";
}

TEST(StopTable, RefusesARuleThatCannotHold) {
    EXPECT_THAT(
        refusal(command("") + "[[stop]]\nat_most = 0\n"), HasSubstr("[[stop]]: needs metric")
    );
    EXPECT_THAT(
        refusal(command("") + "[[stop]]\nmetric = \"loss\"\n"),
        HasSubstr("needs one of is, is_not, in, at_least, at_most")
    );
    EXPECT_THAT(
        refusal(command("") + "[[stop]]\nparam = \"lr\"\nat_most = 0\n"),
        HasSubstr("unknown key \"param\"")
    );
    EXPECT_THAT(
        refusal(command("") + rule + "stage = \"trian\"\n"),
        HasSubstr("stage names no stage: \"trian\"; did you mean \"train\"?")
    );
    EXPECT_THAT(
        refusal(command("") + "[[stop]]\nmetric = \"loss\"\nis = nan\nfrom_step = -1\n"),
        HasSubstr("at least 0")
    );
}

}  // namespace
}  // namespace xorch
