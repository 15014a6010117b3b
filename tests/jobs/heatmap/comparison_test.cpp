// Results side by side: what is flagged, and who wins.

#include "jobs/heatmap/report/comparison.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xorch::heatmap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Row {
    std::string method = "v2_raw_percentile";
    std::string surgery = "none";
    int threshold = 75;
    double recall = 0.5;
    double precision = 0.1;
    std::string box_hash = "a";
};

BoxResult result(const Row& row) {
    const std::string json = fmt::format(
        R"({{"method":"{}","surgery":"{}","matching":"per_image","threshold":{},"inverted":false,)"
        R"("rules":{{"threshold":{},"scaled":{}}},"mAP_005":{},"mAP_050":{},)"
        R"("fullbox_mAP_005":0.9,"box_hash":"{}"}})",
        row.method,
        row.surgery,
        row.threshold,
        row.threshold,
        row.method == "v1_normalized",
        row.recall,
        row.precision,
        row.box_hash
    );
    auto parsed = parse_box_result(json);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *parsed;
}

Comparison comparison_of(const std::vector<Row>& rows) {
    std::vector<BoxResult> results;
    for (const Row& row : rows) {
        results.push_back(result(row));
    }
    return *compare(results, results[0]);
}

Value in_row(const Comparison& comparison, std::size_t row, std::string_view name) {
    return *comparison.rows[row].find(name);
}

TEST(HeatmapComparison, RecallAndPrecisionFirstHaveTheirOwnWinners) {
    const Comparison comparison = comparison_of({
        {.recall = 0.95,  .precision = 0.1, .box_hash = "a"},
        { .threshold = 50, .recall = 0.95, .precision = 0.2, .box_hash = "b"},
        { .threshold = 30,  .recall = 0.3, .precision = 0.4, .box_hash = "c"},
        { .method = "fullbox", .recall = 0.97, .precision = 0.5, .box_hash = "d"},
    });
    EXPECT_EQ(comparison.recall_first, "none v2_raw_percentile 50");
    EXPECT_EQ(comparison.precision_first, "none v2_raw_percentile 30");
    EXPECT_THAT(comparison.checks, IsEmpty());
    EXPECT_THAT(comparison.same, IsEmpty());
}

// T24.
TEST(HeatmapComparison, AChangeFromAZeroBaselineIsNullAndSaysSo) {
    const Comparison comparison = comparison_of({
        {.recall = 0.95,       .precision = 0 },
        { .threshold = 30, .recall = 1.14, .precision = 0.1667, .box_hash = "b"},
    });
    EXPECT_NEAR(*in_row(comparison, 1, "change_005").as_number(), 20, 1e-9);
    EXPECT_EQ(in_row(comparison, 1, "change_005_baseline_zero"), Value(false));
    EXPECT_TRUE(in_row(comparison, 1, "change_050").is_null());
    EXPECT_EQ(in_row(comparison, 1, "change_050_baseline_zero"), Value(true));
    EXPECT_THAT(comparison.checks, ElementsAre("ZERO_BASELINE"));
}

// T16.
TEST(HeatmapComparison, EqualBoxesAlongOneAxisAreAnAblationThatChangedNothing) {
    const Comparison comparison = comparison_of({
        {.recall = 0.95 },
        { .surgery = "patch_mean", .recall = 0.95}
    });
    ASSERT_EQ(comparison.same.size(), 1U);
    EXPECT_EQ(*comparison.same[0].find("axis"), Value("surgery"));
    EXPECT_THAT(comparison.checks, ElementsAre("ABLATION_NOOP"));
}

// T18.
TEST(HeatmapComparison, AControlThatIsAsGoodWins) {
    EXPECT_THAT(comparison_of({{.recall = 0.9}}).checks, ElementsAre("CONTROL_WINS"));
    EXPECT_THAT(comparison_of({{.recall = 0.901}}).checks, IsEmpty());
}

// T19.
TEST(HeatmapComparison, MoreThanOneDifferenceFromTheBaselineIsConfounded) {
    const Row first{.method = "v1_normalized", .recall = 0.95, .box_hash = "a"};
    Row second{.method = "v2_raw_percentile", .recall = 0.95, .box_hash = "b"};
    EXPECT_THAT(comparison_of({first, second}).checks, IsEmpty());
    second.threshold = 30;
    const Comparison comparison = comparison_of({first, second});
    EXPECT_THAT(comparison.checks, ElementsAre("CONFOUNDED"));
    EXPECT_EQ(in_row(comparison, 1, "differs_in"), Value(Array{"threshold", "scaled"}));
}

TEST(HeatmapComparison, WhatIsNoResultIsRefused) {
    EXPECT_THAT(parse_box_result("{}").error().message, HasSubstr("no result of heatmap.boxes"));
    EXPECT_THAT(parse_box_result("{\"rules\":{}}").error().message, HasSubstr("mAP_005"));
    EXPECT_FALSE(parse_box_result("nonsense"));
    const BoxResult control = result({.method = "fullbox"});
    EXPECT_THAT(compare({control}, control).error().message, HasSubstr("nothing but the control"));
}

}  // namespace
}  // namespace xorch::heatmap
