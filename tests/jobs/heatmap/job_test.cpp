// The experiments as units, on kept features.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/json.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/heatmap/few_scenes.h"

namespace xorch::heatmap {
namespace {

using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

class HeatmapJob : public testing::Test {
 protected:
    static void SetUpTestSuite() { few_ = new FewFeatures; }

    static void TearDownTestSuite() {
        delete few_;
        few_ = nullptr;
    }

    UnitRun experiment(const std::string& job, const Object& params) {
        return run_alone(job, params, next_folder(), {.inputs = few_->inputs()});
    }

    UnitRun maps(const Object& params = {}) { return experiment("heatmap.maps", params); }

    // Of maps without surgery unless `of` says which.
    UnitRun boxes(const Object& params, const UnitRun& of, const Object& map_params = {}) {
        return run_alone(
            "heatmap.boxes", params, next_folder(), {.inputs = few_->inputs(&of, map_params)}
        );
    }

    std::string next_folder() { return folder_ / std::to_string(++runs_); }

    static double number(const UnitRun& run, const std::string& column) {
        const Value* value = find_member(run.records.at(0), column);
        return value == nullptr ? -1e9 : value->as_number().value_or(-1e9);
    }

    static std::string text(const UnitRun& run, const std::string& column) {
        const Value* value = find_member(run.records.at(0), column);
        return value == nullptr ? "missing" : format_plain(*value);
    }

    static Value json(const UnitRun& run, const std::string& file) {
        const auto value = parse_json(bytes_of(run.out + "/" + file));
        EXPECT_TRUE(value) << file;
        return value ? *value : Value();
    }

    static FewFeatures* few_;
    TemporaryDirectory folder_;
    int runs_ = 0;
};

FewFeatures* HeatmapJob::few_ = nullptr;

TEST_F(HeatmapJob, TheGridOfFiveSamplesHasEveryPatchAndWhatThresholdsKeep) {
    const UnitRun run = experiment("heatmap.grid", {});
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(number(run, "samples"), 5);
    const Value file = json(run, "patch_grid_analysis.json");
    const Array& results = *file.find("results")->get_if<Array>();
    ASSERT_EQ(results.size(), 5U);
    EXPECT_EQ(results[0].find("grid")->get_if<Array>()->size(), 7U);
    EXPECT_EQ(results[0].find("is_gt_patch")->get_if<Array>()->size(), 49U);
    const Array& thresholds = *results[0].find("thresholds")->get_if<Array>();
    ASSERT_EQ(thresholds.size(), 3U);
    EXPECT_EQ(*thresholds[2].find("percentile"), Value(30));
    EXPECT_GT(file.find("open_points")->get_if<Array>()->size(), 3U);
    // The thing of an airplane is unlike its text, and the text is the ground.
    EXPECT_EQ(*results[0].find("class_name"), Value("airplane"));
    EXPECT_LT(results[0].find("gap")->as_number(), 0);
}

TEST_F(HeatmapJob, SurgeryHasTheColumnsOfTheStudy) {
    const UnitRun run =
        experiment("heatmap.surgery", params("surgery", "patch_mean", "samples", 0));
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(text(run, "checks"), "");
    const Value file = json(run, "surgery_impact_analysis.json");
    for (const char* column :
         {"class_name",
          "gt_raw_avg",
          "gt_surgery_avg",
          "bg_raw_avg",
          "bg_surgery_avg",
          "gap_before",
          "gap_after",
          "gap_change"}) {
        EXPECT_NE(file.find("results")->get_if<Array>()->at(0).find(column), nullptr) << column;
    }
    for (const char* column :
         {"avg_gap_before", "avg_gap_after", "avg_gap_change", "reversed_count", "total_samples"}) {
        EXPECT_NE(file.find("summary")->find(column), nullptr) << column;
    }
    EXPECT_EQ(number(run, "total_samples"), 8);
    EXPECT_NEAR(
        number(run, "avg_gap_change"),
        number(run, "avg_gap_after") - number(run, "avg_gap_before"),
        1e-12
    );
    EXPECT_LT(number(run, "avg_gap_after"), number(run, "avg_gap_before"));
}

// T16.
TEST_F(HeatmapJob, SurgeryThatIsNotAppliedIsFlagged) {
    const UnitRun run =
        experiment("heatmap.surgery", params("surgery", "patch_mean", "surgery_applied", "never"));
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(text(run, "checks"), "ABLATION_NOOP");
    EXPECT_EQ(number(run, "avg_gap_change"), 0);
    const UnitRun none = maps();
    const UnitRun wrapped = maps(params("surgery", "class_redundancy", "surgery_applied", "never"));
    const UnitRun applied = maps(params("surgery", "class_redundancy"));
    EXPECT_EQ(text(wrapped, "feature_hash"), text(none, "feature_hash"));
    EXPECT_NE(text(applied, "feature_hash"), text(none, "feature_hash"));
}

TEST_F(HeatmapJob, UnnormalisedCentringChangesNoGapButIsNoNoop) {
    const UnitRun run =
        experiment("heatmap.surgery", params("surgery", "patch_mean", "similarity", "dot"));
    ASSERT_EQ(run.error, "");
    EXPECT_NEAR(number(run, "avg_gap_change"), 0, 1e-9);
    EXPECT_EQ(text(run, "checks"), "");
}

TEST_F(HeatmapJob, InversionIsDrawnForThreeSamples) {
    const UnitRun run = experiment("heatmap.invert", params("surgery", "patch_mean"));
    ASSERT_EQ(run.error, "");
    for (const char* name : {"comparison_000.png", "comparison_001.png", "comparison_002.png"}) {
        const auto picture = read_raster(run.out + "/" + name);
        ASSERT_TRUE(picture) << picture.error().message;
        EXPECT_GT(picture->width, 4 * 224);
    }
    EXPECT_FALSE(fs::exists(run.out + "/comparison_003.png"));
}

TEST_F(HeatmapJob, BoxesHaveScoresTheControlAndPicturesNamedAfterTheirRecipe) {
    const UnitRun map = maps();
    const UnitRun run = boxes(params("threshold", 50, "pictures", 2), map);
    ASSERT_EQ(run.error, "");
    EXPECT_GE(number(run, "mAP_005"), number(run, "mAP_050"));
    EXPECT_GT(number(run, "mAP_005"), 0);
    EXPECT_GT(number(run, "box_area_fraction"), 0);
    EXPECT_EQ(text(run, "feature_hash"), text(map, "feature_hash"));
    EXPECT_TRUE(fs::exists(run.out + "/v2-raw-percentile/sample_000_airplane.png"));
    EXPECT_TRUE(fs::exists(run.out + "/v2-raw-percentile/sample_001_stadium.png"));
    const Value file = json(run, "boxes.json");
    EXPECT_EQ(file.find("per_class")->get_if<Object>()->size(), 8U);
    const UnitRun control = boxes(params("recipe", "fullbox"), map);
    for (const std::string column : {"mAP_005", "mAP_050"}) {
        EXPECT_EQ(number(control, column), number(run, "fullbox_" + column));
    }
    EXPECT_EQ(number(control, "box_area_fraction"), 1);
    EXPECT_EQ(text(control, "checks"), "");
    EXPECT_THAT(text(run, "checks"), HasSubstr("CONTROL_WINS"));
}

// T19: of the rules that the second version changed, scaling changes nothing; the greatest values
// by number are those above the percentile.
TEST_F(HeatmapJob, ScalingAndCountingTheGreatestValuesChangeNoBox) {
    const UnitRun map = maps();
    const std::string hash = text(boxes({}, map), "box_hash");
    EXPECT_EQ(text(boxes(params("scaled", "yes"), map), "box_hash"), hash);
    EXPECT_EQ(text(boxes(params("recipe", "v2_topk"), map), "box_hash"), hash);
    EXPECT_NE(text(boxes(params("least_side", 60), map), "box_hash"), hash);
    EXPECT_NE(text(boxes(params("inverted", true), map), "box_hash"), hash);
    EXPECT_NE(text(boxes(params("threshold", 50), map), "box_hash"), hash);
    const std::string first = text(boxes(params("recipe", "v1_normalized"), map), "box_hash");
    EXPECT_EQ(
        text(boxes(params("recipe", "v1_normalized", "scaled", "no"), map), "box_hash"), first
    );
    const Object second{
        {"recipe",       "v1_normalized"},
        {"scaled",       "no"           },
        {"at_threshold", "in"           },
        {"kernel",       "ellipse5"     },
        {"regions",      "components"   },
        {"least_side",   10             },
        {"fallback",     "no"           }
    };
    EXPECT_EQ(text(boxes(second, map), "box_hash"), hash);
}

TEST_F(HeatmapJob, PooledMatchingIsFlaggedAndNeverFindsLess) {
    const UnitRun map = maps();
    const UnitRun own = boxes(params("threshold", 30), map);
    const UnitRun pooled = boxes(params("threshold", 30, "matching", "pooled"), map);
    EXPECT_THAT(text(pooled, "checks"), HasSubstr("POOLED_MATCHING"));
    EXPECT_THAT(text(own, "checks"), Not(HasSubstr("POOLED")));
    EXPECT_EQ(text(pooled, "box_hash"), text(own, "box_hash"));
    EXPECT_GE(number(pooled, "mAP_020"), number(own, "mAP_020"));
}

TEST_F(HeatmapJob, BoxesOfOtherMapsAreRefused) {
    const UnitRun map = maps(params("surgery", "patch_mean"));
    const Object made_with{
        {"surgery", "patch_mean"}
    };
    EXPECT_EQ(boxes(params("surgery", "patch_mean"), map, made_with).error, "");
    EXPECT_THAT(
        boxes({}, map, made_with).error, HasSubstr("surgery = none, and maps of patch_mean")
    );
    UnitRun other = map;
    other.records = maps().records;
    EXPECT_THAT(boxes({}, other).error, HasSubstr("not the maps that the unit's record names"));
    EXPECT_THAT(
        boxes(params("recipe", "v2_topk", "inverted", true), map).error, HasSubstr("no recipe")
    );
    EXPECT_THAT(experiment("heatmap.boxes", {}).error, HasSubstr("no input left maps"));
}

TEST_F(HeatmapJob, FeaturesThatAreGoneOrChangedAreRefused) {
    UnitRun copy = few_->run();
    copy.out = folder_ / "copy";
    fs::copy(few_->run().out, copy.out, fs::copy_options::recursive);
    const auto error_of_maps = [&] {
        Inputs inputs;
        inputs.add("features", {}, copy);
        return run_alone("heatmap.maps", {}, next_folder(), {.inputs = inputs.json()}).error;
    };
    EXPECT_EQ(error_of_maps(), "");
    std::string tokens;
    for (const auto& entry : fs::directory_iterator(copy.out + "/features")) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".safetensors") && !name.starts_with("texts")) tokens = entry.path();
    }
    std::string bytes = bytes_of(tokens);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_bytes(tokens, bytes);
    EXPECT_THAT(error_of_maps(), HasSubstr("not what the encoder answered"));
    fs::remove(tokens);
    EXPECT_THAT(error_of_maps(), HasSubstr("the tokens of"));
    const std::string index = copy.out + "/features/index.json";
    write_bytes(index, bytes_of(index) + "\n");
    EXPECT_THAT(error_of_maps(), HasSubstr("not the index that the unit's record names"));
    fs::remove_all(copy.out);
    EXPECT_THAT(error_of_maps(), HasSubstr("no input left features"));
}

TEST_F(HeatmapJob, AComparisonNamesWinnersTheBaselineAndWhatDoesNotHold) {
    const UnitRun map = maps();
    const UnitRun first = boxes(params("recipe", "v1_normalized"), map);
    const UnitRun low = boxes(params("threshold", 30, "inverted", true), map);
    const UnitRun again = boxes(params("threshold", 30, "inverted", true, "fallback", "yes"), map);
    Inputs inputs;
    inputs.add("low", {}, low).add("low", {}, again).add("first", {}, first);
    const auto compare = [&](const std::string& baseline) {
        return run_alone(
            "heatmap.compare",
            params("file", "low_threshold_results.json", "baseline", baseline),
            next_folder(),
            {.inputs = inputs.json()}
        );
    };
    const UnitRun run = compare("first");
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(number(run, "rows"), 3);
    EXPECT_EQ(text(run, "baseline_label"), "none v1_normalized 75");
    EXPECT_EQ(text(run, "recall_first"), "none v2_raw_percentile 30 inverted");
    EXPECT_EQ(number(run, "same_boxes"), 1);
    EXPECT_THAT(text(run, "checks"), HasSubstr("ABLATION_NOOP"));
    EXPECT_THAT(text(run, "checks"), HasSubstr("CONFOUNDED"));
    const Value file = json(run, "low_threshold_results.json");
    const Value& row = file.find("rows")->get_if<Array>()->at(0);
    for (const char* column :
         {"method",
          "threshold",
          "inverted",
          "mAP_005",
          "mAP_010",
          "mAP_020",
          "mAP_050",
          "per_class",
          "change_005",
          "fullbox_mAP_005"}) {
        EXPECT_NE(row.find(column), nullptr) << column;
    }
    EXPECT_THAT(compare("third").error, HasSubstr("baseline = third: no input of that stage"));
}

}  // namespace
}  // namespace xorch::heatmap
