// heatmap.features as a unit: what it keeps, where texts come from, and being stopped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "jobs/heatmap/data/class_names.h"
#include "tests/jobs/heatmap/few_scenes.h"

namespace xorch::heatmap {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

const char* const index_file = "/features/index.json";

class HeatmapFeatures : public testing::Test {
 protected:
    static void SetUpTestSuite() { few_ = new FewFeatures; }

    static void TearDownTestSuite() {
        delete few_;
        few_ = nullptr;
    }

    UnitRun features(Object params, const std::string& name, const UnitOptions& options = {}) {
        if (find_member(params, "data") == nullptr) set_member(params, "data", few_->scenes());
        return run_alone("heatmap.features", params, folder_ / name, options);
    }

    static Value in_record(const UnitRun& run, const std::string& column) {
        const Value* value = find_member(run.records.at(0), column);
        return value == nullptr ? Value() : *value;
    }

    static FewFeatures* few_;
    TemporaryDirectory folder_;
};

FewFeatures* HeatmapFeatures::few_ = nullptr;

TEST_F(HeatmapFeatures, KeepATokenFilePerImageTextsAndPictures) {
    const UnitRun& run = few_->run();
    EXPECT_EQ(in_record(run, "images"), Value(8));
    EXPECT_EQ(in_record(run, "classes"), Value(8));
    EXPECT_EQ(in_record(run, "texts"), Value("prototypes"));
    EXPECT_EQ(in_record(run, "text_images"), Value(16));
    EXPECT_EQ(in_record(run, "checks"), Value(""));
    std::size_t tensors = 0;
    for (const auto& entry : fs::directory_iterator(run.out + "/features")) {
        tensors += entry.path().extension() == ".safetensors" ? 1U : 0U;
    }
    EXPECT_EQ(tensors, 8U + 1U);
    EXPECT_TRUE(fs::exists(run.out + "/features/pictures/00033.png"));
}

// Stopped before and after every image, to learn from or to keep, in turn.
TEST_F(HeatmapFeatures, OfAUnitStoppedAnywhereAreTheSameFiles) {
    int stopped = 0;
    for (int looks = 1; looks <= 30; looks += 2) {
        const std::string place = "stop" + std::to_string(looks);
        const UnitRun part = features({}, place, {.answers_before_stop = looks});
        ASSERT_EQ(part.error, "");
        if (part.end != JobEnd::checkpointed) continue;
        ++stopped;
        EXPECT_TRUE(part.records.empty());
        const UnitRun rest = features({}, place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, few_->run().records) << looks;
        EXPECT_EQ(bytes_of(rest.out + index_file), bytes_of(few_->run().out + index_file));
    }
    EXPECT_GE(stopped, 10);
}

// Killed at any moment, a unit goes on from one of the checkpoints that it saved by time.
TEST_F(HeatmapFeatures, OfAUnitResumedFromAnyCheckpointAreTheSameFiles) {
    const UnitRun straight = features({}, "straight", {.checkpoint_every = 4});
    ASSERT_EQ(straight.error, "");
    ASSERT_GE(straight.checkpoints.size(), 4U);
    for (const std::string& checkpoint : straight.checkpoints) {
        const UnitRun rest = features(
            {}, "from_" + fs::path(checkpoint).filename().string(), {.resume = checkpoint}
        );
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << checkpoint;
        EXPECT_EQ(bytes_of(rest.out + index_file), bytes_of(straight.out + index_file));
    }
}

TEST_F(HeatmapFeatures, OfAnotherModelHaveOtherKeys) {
    const UnitRun other = features(params("anisotropy", 2.0), "other");
    ASSERT_EQ(other.error, "");
    EXPECT_NE(in_record(other, "model_hash"), in_record(few_->run(), "model_hash"));
    EXPECT_NE(in_record(other, "features_hash"), in_record(few_->run(), "features_hash"));
}

TEST_F(HeatmapFeatures, TakeTextsFromATableWithoutLookingAtTrainingImages) {
    std::string table = "class";
    for (int i = 0; i < 32; ++i) {
        table += ",f" + std::to_string(i);
    }
    for (ClassNumber number = 0; number < class_count; ++number) {
        table += "\n" + std::string(name_of(number));
        for (int i = 0; i < 32; ++i) {
            table += i == number ? ",1" : ",0.5";
        }
    }
    write_bytes(folder_ / "text_features.csv", table);
    const Object from_table{
        {"text_features", folder_ / "text_features.csv"}
    };
    const UnitRun run = features(from_table, "table");
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(in_record(run, "texts"), Value("text_features"));
    EXPECT_EQ(in_record(run, "classes"), Value(20));
    EXPECT_EQ(in_record(run, "text_images"), Value(0));
    write_bytes(folder_ / "text_features.csv", "ship,1,2\n");
    EXPECT_THAT(features(from_table, "narrow").error, HasSubstr("tokens have 32 numbers, texts 2"));
    EXPECT_THAT(
        features(params("text_model", "x", "text_features", "y"), "both").error,
        HasSubstr("exclude each other")
    );
    EXPECT_THAT(
        features(params("text_model", "x"), "untold").error, HasSubstr("without text_tokens")
    );
}

TEST_F(HeatmapFeatures, WhoseTextsComeFromImagesToJudgeBySayLeakage) {
    const UnitRun run = features(params("text_split", "test"), "leak");
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(in_record(run, "checks"), Value("LEAKAGE"));
}

TEST_F(HeatmapFeatures, ComeFromTheSetThatAnInputMade) {
    const UnitRun made = run_alone("heatmap.synthetic", params("seed", 5), folder_ / "made");
    ASSERT_EQ(made.error, "");
    EXPECT_EQ(in_record(made, "train"), Value(160));
    write_bytes(made.out + "/dior/ImageSets/Main/train.txt", "00001\n00002\n");
    write_bytes(made.out + "/dior/ImageSets/Main/test.txt", "00177\n00178\n");
    Inputs inputs;
    inputs.add("images", {}, made);
    const UnitRun run = features(params("data", ""), "taken", {.inputs = inputs.json()});
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(in_record(run, "images"), Value(2));
    EXPECT_THAT(features(params("data", ""), "none").error, HasSubstr("no images: neither"));
}

TEST_F(HeatmapFeatures, OfADamagedSetAreRefusedWithFileAndReason) {
    make_few_scenes(folder_ / "scenes");
    write_bytes(folder_ / "scenes/JPEGImages-test/00033.jpg", "no picture");
    EXPECT_THAT(
        features(params("data", folder_ / "scenes"), "damaged").error,
        HasSubstr("JPEGImages-test/00033.jpg: neither PNG, JPEG, TIFF nor NPY")
    );
}

}  // namespace
}  // namespace xorch::heatmap
