#include "coordinator/report/tables/summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "coordinator/report/tables/tables.h"
#include "tests/coordinator/report/sample_sweep.h"

namespace xorch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(MetricSummary, ComputesMeanDeviationAndInterval) {
    MetricSummary metric;
    for (const double value : {1.0, 2.0, 3.0, 4.0}) {
        metric.add(value);
    }
    EXPECT_EQ(metric.n, 4U);
    EXPECT_DOUBLE_EQ(metric.mean, 2.5);
    EXPECT_DOUBLE_EQ(metric.deviation(), std::sqrt(5.0 / 3.0));
    EXPECT_NEAR(metric.half_interval(), 3.182446305 * std::sqrt(5.0 / 3.0) / 2, 1e-8);
    EXPECT_EQ(metric.min, 1.0);
    EXPECT_EQ(metric.max, 4.0);
}

TEST(MetricSummary, KeepsSmallDifferencesOfLargeNumbers) {
    MetricSummary metric;
    for (const double value : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) {
        metric.add(value);
    }
    EXPECT_DOUBLE_EQ(metric.deviation(), std::sqrt(30.0));
}

TEST(MetricSummary, CountsNanInfinityAndMissingApart) {
    MetricSummary metric;
    metric.add(std::nan(""));
    metric.add(std::numeric_limits<double>::infinity());
    metric.add(Value());
    metric.add("text");
    metric.add(3);
    EXPECT_EQ(metric.n, 1U);
    EXPECT_EQ(metric.mean, 3.0);
    EXPECT_EQ(metric.nan, 1U);
    EXPECT_EQ(metric.infinite, 1U);
    EXPECT_EQ(metric.missing, 2U);
}

// Three values for lr 0.1, of which one is NaN; one value for lr 0.01, whose other units are open.
SampleSweep& fill(SampleSweep& sample) {
    sample.finish(0, "{\"loss\": 1.0, \"note\": \"x\"}\n");
    sample.finish(1, "{\"loss\": 9.0}\n{\"loss\": 3.0}\n");
    sample.finish(2, "{\"loss\": NaN}\n");
    sample.finish(3, "{\"loss\": 5.0}\n");
    return sample;
}

TEST(Summary, GroupsTheLastRowsOfUnitsAndFlagsOpenGroups) {
    SampleSweep sample;
    const SweepReader sweep = fill(sample).read();
    const auto summary = make_summary(sweep);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_THAT(summary->metrics, ElementsAre("loss"));
    EXPECT_THAT(
        summary_lines(*summary),
        ElementsAre(
            "  lr  done  loss",
            " 0.1     3  2 ± 13 (1 nan)",
            "0.01   1/3  5",
            "",
            "train: mean ± half the 95 % interval of the mean; incomplete, see done/all"
        )
    );
}

TEST(Summary, LeavesOutNumbersThatDoNotExist) {
    SampleSweep sample;
    const SweepReader sweep = fill(sample).read();
    const auto summary = make_summary(sweep);
    ASSERT_TRUE(summary);
    const std::string tsv = format_summary_tsv(*summary);
    EXPECT_THAT(
        tsv, HasSubstr("0.1\t3\t3\tloss\t2\t2.0\t1.4142135623730951\t1.0\t3.0\t-10.70620473")
    );
    EXPECT_THAT(tsv, HasSubstr("\n0.01\t3\t1\tloss\t1\t5.0\t\t5.0\t5.0\t\t\t0\t0\t0\n"));
    const std::string json = format_summary_json(*summary);
    EXPECT_THAT(json, HasSubstr("\"complete\": false"));
    EXPECT_THAT(json, HasSubstr("\"nan\": 1"));
}

TEST(Summary, SaysWhereNumbersComeFromIfNoUnitReportedAny) {
    SampleSweep sample;
    const auto before = make_summary(sample.read());
    ASSERT_TRUE(before);
    EXPECT_THAT(summary_lines(*before), Not(Contains(HasSubstr("records.from"))));
    sample.finish(0, "");
    const auto after = make_summary(sample.read());
    ASSERT_TRUE(after);
    EXPECT_THAT(
        summary_lines(*after), Contains(HasSubstr("no unit reported a number; records.from"))
    );
}

TEST(Tables, NeverOverwriteAStampedFile) {
    SampleSweep sample;
    const SweepReader sweep = fill(sample).read();
    const auto first = write_stamped_tables(sweep, "20251121_080507");
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_THAT(
        first->files,
        ElementsAre(
            "/sample/records_train_20251121_080507.tsv", "/sample/summary_20251121_080507.json"
        )
    );
    const auto second = write_stamped_tables(sweep, "20251121_080507");
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_THAT(
        second->files,
        ElementsAre(
            "/sample/records_train_20251121_080507-2.tsv", "/sample/summary_20251121_080507-2.json"
        )
    );
    EXPECT_EQ(*sample.disk.read("/sample/records.tsv"), *sample.disk.read(second->files[0]));
    EXPECT_EQ(*sample.disk.read("/sample/summary.json"), *sample.disk.read(second->files[1]));
    EXPECT_THAT(
        *sample.disk.list("/sample"),
        ElementsAre(
            "records.tsv",
            "records_train_20251121_080507-2.tsv",
            "records_train_20251121_080507.tsv",
            "summary.json",
            "summary_20251121_080507-2.json",
            "summary_20251121_080507.json"
        )
    ) << "nothing temporary is left";
}

TEST(Tables, ReplaceTheNewestOnes) {
    SampleSweep sample;
    ASSERT_TRUE(write_newest_tables(sample.read()));
    sample.finish(0, "{\"loss\": 1.0}\n");
    ASSERT_TRUE(write_newest_tables(sample.read()));
    EXPECT_THAT(*sample.disk.read("/sample/records.tsv"), HasSubstr("train\t0.1\t0\t1.0\t"));
}

TEST(Tables, AreStampedInUtc) {
    EXPECT_EQ(format_stamp(Millis{1'763'712'307'000}), "20251121_080507");
}

}  // namespace
}  // namespace xorch
