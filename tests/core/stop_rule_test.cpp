#include "core/stop_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/record.h"

namespace xorch {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

StopRule no_recall(std::int64_t from_step) {
    StopRule rule;
    rule.condition.metric = "recall_N";
    rule.condition.at_most = 0.0;
    rule.from_step = from_step;
    return rule;
}

StopRule not_a_number() {
    StopRule rule;
    rule.condition.metric = "loss";
    rule.condition.is = Value(std::numeric_limits<double>::quiet_NaN());
    return rule;
}

std::optional<Hopeless> judge(const StopRule& rule, std::string_view lines) {
    const auto rows = parse_rows(lines);
    XORCH_CHECK(rows.has_value(), "the test's rows are rows");
    return find_hopeless({rule}, *rows);
}

TEST(StopRule, HoldsAtTheFirstRowThatSatisfiesIt) {
    const auto found =
        judge(no_recall(0), "{\"recall_N\":0.5}\n{\"recall_N\":0.0}\n{\"recall_N\":0.0}\n");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->row, 1U);
    EXPECT_THAT(found->reason, HasSubstr("recall_N is at most 0.0 (0.0 at step 2)"));
}

TEST(StopRule, LooksAtNoRowOfAnEarlierStep) {
    EXPECT_FALSE(judge(no_recall(2), "{\"recall_N\":0}\n{\"recall_N\":1}\n"));
    const auto by_step =
        judge(no_recall(2), "{\"step\":1,\"recall_N\":0}\n{\"step\":2,\"recall_N\":0}\n");
    ASSERT_TRUE(by_step);
    EXPECT_EQ(by_step->row, 1U);
    const auto by_epoch =
        judge(no_recall(2), "{\"epoch\":0,\"recall_N\":0}\n{\"epoch\":1,\"recall_N\":0}\n");
    EXPECT_FALSE(by_epoch) << "the rows' own numbers would say step 2";
}

TEST(StopRule, NaNShowsNothingButToARuleThatAsksForIt) {
    EXPECT_FALSE(judge(no_recall(0), "{\"recall_N\":NaN}\n"));
    EXPECT_TRUE(judge(not_a_number(), "{\"loss\":NaN}\n"));
    EXPECT_FALSE(judge(not_a_number(), "{\"loss\":Infinity}\n{\"loss\":0.5}\n"));
}

TEST(StopRule, AMissingOrNullValueShowsNothing) {
    EXPECT_FALSE(judge(no_recall(0), "{\"other\":0}\n{\"recall_N\":null}\n"));
    EXPECT_FALSE(judge(not_a_number(), "{\"other\":NaN}\n{\"loss\":null}\n"));
}

TEST(StopRule, IsForItsStageOrForAll) {
    Sweep sweep;
    sweep.stages.resize(2);
    sweep.stages[0].name = "train";
    sweep.stages[1].name = "test";
    sweep.stops = {no_recall(0), not_a_number()};
    sweep.stops[0].stage = "train";
    EXPECT_THAT(stop_rules_of(sweep, sweep.stages[0]), SizeIs(2));
    EXPECT_THAT(stop_rules_of(sweep, sweep.stages[1]), SizeIs(1));
}

TEST(JudgedEnd, KeepsTheRowsUpToTheOneThatShowsIt) {
    AttemptEnd end;
    end.rows = "{\"recall_N\":1}\n{\"recall_N\":0}\n{\"recall_N\":1}\n";
    const AttemptEnd hopeless = judged({no_recall(0)}, end);
    EXPECT_EQ(hopeless.cause, Cause::hopeless);
    EXPECT_EQ(hopeless.rows, "{\"recall_N\":1}\n{\"recall_N\":0}\n");
    EXPECT_EQ(judged({no_recall(0)}, hopeless), hopeless) << "judging again changes nothing";
}

TEST(JudgedEnd, IsDoneUnderRulesThatDoNotHold) {
    AttemptEnd end;
    end.cause = Cause::hopeless;
    end.message = "an earlier rule";
    end.rows = "{\"recall_N\":0}\n";
    EXPECT_EQ(judged({no_recall(5)}, end).cause, Cause::none);
    EXPECT_EQ(judged({}, end).cause, Cause::none);
}

TEST(JudgedEnd, OfAFailureStaysAFailure) {
    AttemptEnd end;
    end.cause = Cause::crash;
    end.rows = "{\"recall_N\":0}\n";
    EXPECT_EQ(judged({no_recall(0)}, end), end);
}

}  // namespace
}  // namespace xorch
