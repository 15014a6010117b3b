// What evaluations, comparisons and leakage reports leave.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/json.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/pix2pix/phase_units.h"

namespace xorch::pix2pix {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

TEST_F(Pix2pixJob, AnEvaluationRepeatsTheScoresOfItsTrainingAndLeavesTheReportsFiles) {
    const UnitRun trained = train(phase_training(), folder("train"), phase_inputs());
    ASSERT_EQ(trained.error, "");
    const UnitRun run = evaluate(trained, folder("eval"));
    ASSERT_EQ(run.error, "");
    for (const std::string column :
         {"mean_l1", "mean_psnr_batch", "landmark6_proxy_score", "failed_ids_fixed"}) {
        EXPECT_EQ(cell(run, column), cell(trained, column)) << column;
    }
    const std::string scores = bytes_of(run.out + "/val_per_sample_v2.csv");
    EXPECT_THAT(
        scores,
        testing::StartsWith("id,l1,psnr,roi_sn_l1,roi_sn_edge_l1,roi_ab_l1,roi_ab_edge_l1,"
                            "roi_gogn_l1,roi_gogn_edge_l1,landmark6_proxy,failed_fixed,"
                            "is_hardcase\n24,")
    );
    EXPECT_EQ(std::count(scores.begin(), scores.end(), '\n'), 11);
    const auto metrics = parse_json(bytes_of(run.out + "/val_metrics_v2_best.json"));
    ASSERT_TRUE(metrics);
    EXPECT_EQ(*metrics->find("mean_l1"), cell(run, "mean_l1"));
    EXPECT_EQ(*metrics->find("n"), Value(10));
    const auto failures = parse_json(bytes_of(run.out + "/failure_stats_v2_best.json"));
    ASSERT_TRUE(failures);
    EXPECT_EQ(*failures->find("failed_count_fixed"), cell(run, "failed_count_fixed"));
    EXPECT_EQ(*failures->find("hardcase_total"), Value(2));
    EXPECT_TRUE(fs::exists(run.out + "/eval_proxy/s0_landmark6_proxy.json"));
}

TEST_F(Pix2pixJob, AComparisonLeavesItsTablePackAndPictures) {
    const UnitRun trained = train(phase_training(), folder("train"), phase_inputs());
    const UnitRun prev = evaluate(shared_->baseline, folder("prev"));
    const UnitRun cur = evaluate(trained, folder("cur"));
    const UnitRun run = run_alone(
        "pix2pix.compare",
        {
            {"prev",       "one"},
            {"cur",        "two"},
            {"pack_group", 3    }
    },
        folder("compare"),
        {.inputs = inputs_of({{"pairs", &shared_->pairs}, {"one", &prev}, {"two", &cur}})}
    );
    ASSERT_EQ(run.error, "");
    const std::string table = bytes_of(run.out + "/two_vs_one_fullbest_compare.csv");
    EXPECT_THAT(table, testing::StartsWith("metric,prev,cur,delta,delta_pct,direction\nmean_l1,"));
    EXPECT_THAT(table, HasSubstr("\nfailed_count_fixed,"));
    EXPECT_NEAR(
        *cell(run, "delta_mean_l1").as_number(),
        *cell(cur, "mean_l1").as_number() - *cell(prev, "mean_l1").as_number(),
        1e-12
    );
    // The baseline failed by its own thresholds, all of what is stubborn among it.
    EXPECT_LE(
        *cell(run, "stubborn_count").as_number(), *cell(prev, "failed_count_fixed").as_number()
    );
    EXPECT_EQ(cell(run, "pack_n"), Value(9));
    EXPECT_TRUE(fs::exists(run.out + "/trial_pack/selection_summary.json"));
    const std::string manifest = bytes_of(run.out + "/trial_pack/manifest.csv");
    EXPECT_EQ(std::count(manifest.begin(), manifest.end(), '\n'), 10);
    std::set<std::string> pictures;
    for (const auto& each : fs::directory_iterator(run.out + "/graph")) {
        pictures.insert(each.path().stem());
        const auto picture = read_raster(each.path());
        EXPECT_TRUE(picture) << each.path();
    }
    EXPECT_THAT(
        pictures,
        testing::ElementsAre(
            "contact_landmark6_zoom",
            "contact_panel_prev_cur_gt",
            "landmark6_proxy_hist",
            "landmark6_roi_compare",
            "roi_ab_worst6_prev_cur_gt",
            "roi_gogn_worst6_prev_cur_gt",
            "roi_sn_worst6_prev_cur_gt"
        )
    );
}

TEST_F(Pix2pixJob, TheLeakageReportFindsNothingWhereNothingIsShared) {
    const UnitRun run = run_alone(
        "pix2pix.sanity",
        {
    },
        folder("sanity"),
        {.inputs = inputs_of({{"pairs", &shared_->pairs}, {"full", &shared_->baseline}})}
    );
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(cell(run, "shared_ids"), Value(0));
    EXPECT_EQ(cell(run, "exact_photos"), Value(0));
    EXPECT_EQ(cell(run, "target_blind"), Value(true));
    EXPECT_NEAR(
        *cell(run, "own_l1").as_number(), *cell(shared_->baseline, "mean_l1").as_number(), 1e-9
    );
    EXPECT_THAT(
        bytes_of(run.out + "/sanity/leakage_sanity_report.md"),
        HasSubstr("| ids in two splits | 0 |")
    );
}

}  // namespace
}  // namespace xorch::pix2pix
