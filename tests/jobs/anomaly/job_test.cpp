// The jobs of the family as units: few made images, a network of two steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/io/posix_disk.h"
#include "jobs/anomaly/data/painting.h"
#include "jobs/anomaly/score/task_maps.h"
#include "jobs/files/image_file.h"
#include "jobs/files/png_file.h"
#include "tests/jobs/anomaly/simple_maps.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

void write_picture(const std::string& path, const Picture& picture) {
    fs::create_directories(fs::path(path).parent_path());
    ASSERT_TRUE(write_png(path, picture));
}

Picture picture_of(const TruthMask& mask) {
    Picture picture(mask.height, mask.width);
    for (std::size_t i = 0; i < mask.values.size(); ++i) {
        if (mask.values[i] != 0) picture.values[i] = {255, 255, 255};
    }
    return picture;
}

// One class, in the layout of MVTec AD: two images to know it by, two of each kind to test it on.
void write_class(const std::string& folder) {
    const ClassStyle style = draw_style(RandomStream(1, "style"), false, 1);
    for (int i = 0; i < 2; ++i) {
        const std::string name = "/00" + std::to_string(i);
        const auto image = [&](DefectKind defect, int number) {
            return paint(style, defect, {1, "image", {number + i}});
        };
        write_picture(folder + "/train/good" + name + ".png", image(DefectKind::none, 0).picture);
        write_picture(folder + "/test/good" + name + ".png", image(DefectKind::none, 2).picture);
        const Painting bad = image(DefectKind::blob, 4);
        write_picture(folder + "/test/blob" + name + ".png", bad.picture);
        write_picture(folder + "/ground_truth/blob" + name + "_mask.png", picture_of(bad.mask));
    }
}

const Value& cell(const UnitRun& run, const std::string& column) {
    return *find_member(run.records.at(0), column);
}

class AnomalyJob : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        data_ = new TemporaryDirectory;
        write_class(*data_ / "mvtec/bottle");
        trained_ = new UnitRun(run_alone("anomaly.train", training(), *data_ / "train"));
    }

    static void TearDownTestSuite() {
        delete data_;
        delete trained_;
        data_ = nullptr;
        trained_ = nullptr;
    }

    static Object training() {
        return {
            {"steps",    4   },
            {"batch",    4   },
            {"held_out", 4   },
            {"seed",     1   },
            {"lr",       0.01}
        };
    }

    static Object inference() {
        return {
            {"dataset",    "mvtec"                   },
            {"class_name", "bottle"                  },
            {"k_shot",     1                         },
            {"seed",       111                       },
            {"resolution", 64                        },
            {"data",       data_->path()             },
            {"encoder",    trained_->out + "/encoder"}
        };
    }

    static Object scoring(const std::string& maps) {
        return {
            {"class_name", "bottle"},
            {"maps",       maps    }
        };
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static TemporaryDirectory* data_;
    static UnitRun* trained_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* AnomalyJob::data_ = nullptr;
UnitRun* AnomalyJob::trained_ = nullptr;

TEST_F(AnomalyJob, TrainingLeavesAnEncoderThatInferenceReads) {
    ASSERT_EQ(trained_->error, "");
    EXPECT_TRUE(cell(*trained_, "train_loss").as_number());
    EXPECT_TRUE(cell(*trained_, "image_auroc").as_number());
    const UnitRun run = run_alone("anomaly.infer", inference(), folder("infer"));
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(cell(run, "layout"), Value("mvtec"));
    EXPECT_EQ(cell(run, "family"), Value("object"));
    EXPECT_EQ(cell(run, "test_n"), Value(4));
    EXPECT_EQ(cell(run, "abnormal_n"), Value(2));
    EXPECT_EQ(cell(run, "grid_side"), Value(15));
    const auto maps = read_maps(run.out + "/maps", *cell(run, "maps_hash").get_if<std::string>());
    ASSERT_TRUE(maps) << maps.error().message;
    EXPECT_EQ(maps->images[0].name, "test/blob/000.png");
    EXPECT_EQ(maps->images[0].mask.height, 64);
    const auto picture = read_raster(run.out + "/maps.png");
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->width, 2 * picture->height);
}

// Stopped before, between and after the steps in turn.
TEST_F(AnomalyJob, ATrainingStoppedAnywhereEndsBitForBitAsOneThatRanThrough) {
    int stopped = 0;
    for (int looks = 1; looks <= 5; ++looks) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part =
            run_alone("anomaly.train", training(), place, {.answers_before_stop = looks});
        ASSERT_EQ(part.error, "");
        if (part.end != JobEnd::checkpointed) continue;
        ++stopped;
        const UnitRun rest =
            run_alone("anomaly.train", training(), place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, trained_->records) << looks;
        const char* const weights = "/encoder/tensors.safetensors";
        EXPECT_EQ(bytes_of(rest.out + weights), bytes_of(trained_->out + weights)) << looks;
    }
    EXPECT_GE(stopped, 3);
}

// Killed at any moment, a unit goes on from one of the checkpoints that it saved by time.
TEST_F(AnomalyJob, AnInferenceResumedFromAnyCheckpointEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight =
        run_alone("anomaly.infer", inference(), folder("straight"), {.checkpoint_every = 1});
    ASSERT_EQ(straight.error, "");
    ASSERT_GE(straight.checkpoints.size(), 3U);
    for (const std::string& checkpoint : straight.checkpoints) {
        const std::string place = folder("from_" + fs::path(checkpoint).filename().string());
        const UnitRun rest = run_alone("anomaly.infer", inference(), place, {.resume = checkpoint});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << checkpoint;
        EXPECT_EQ(bytes_of(rest.out + "/maps.png"), bytes_of(straight.out + "/maps.png"));
    }
}

TEST_F(AnomalyJob, ACheckpointOfOtherImagesIsRefused) {
    const UnitRun part =
        run_alone("anomaly.infer", inference(), folder("part"), {.answers_before_stop = 2});
    ASSERT_EQ(part.end, JobEnd::checkpointed) << part.error;
    Object other = inference();
    set_member(other, "k_shot", 2);
    const UnitRun rest =
        run_alone("anomaly.infer", other, folder("rest"), {.resume = part.checkpoints.back()});
    EXPECT_THAT(rest.error, HasSubstr("maps of other images"));
}

TEST_F(AnomalyJob, TheOrderOfChannelsAndTheShotsChangeTheMaps) {
    const auto maps_with = [&](const std::string& name, Value value) {
        Object params = inference();
        set_member(params, name, std::move(value));
        const UnitRun run = run_alone("anomaly.infer", params, folder(name));
        EXPECT_EQ(run.error, "");
        return cell(run, "maps_hash");
    };
    const Value first = maps_with("panels", 0);
    EXPECT_EQ(maps_with("panels", 1), first);
    EXPECT_NE(maps_with("channels", "bgr"), first);
    EXPECT_NE(maps_with("k_shot", 2), first);
    EXPECT_NE(maps_with("first_side", 64), first);
    const Value coreset = maps_with("memory_bank", "coreset");
    EXPECT_NE(coreset, first);
    EXPECT_EQ(maps_with("neighbours", 3), first);  // of a coreset alone
    EXPECT_NE(maps_with("logit_scale", 100.0), first);
}

TEST_F(AnomalyJob, ShotsComeFromAPublishedListIfOneIsGiven) {
    const auto support_by = [&](const std::string& text, const std::string& file) {
        fs::create_directories(fs::path(folder(file)).parent_path());
        write_bytes(folder(file), text);
        Object params = inference();
        set_member(params, "shots", folder("lists"));
        const UnitRun run = run_alone("anomaly.infer", params, folder(text.substr(4, 3)));
        return run.error.empty() ? *cell(run, "support").get_if<std::string>() : run.error;
    };
    const std::string file = "lists/bottle/selected_samples_per_run.txt";
    EXPECT_EQ(support_by("#1: 1\n#2: 0 1\n", file), "train/good/001.png");
    EXPECT_EQ(support_by("#1: 000\n", file), "train/good/000.png");
    EXPECT_THAT(support_by("#1: 2\n", file), HasSubstr("image 2 of 2 from 0"));
    Object params = inference();
    set_member(params, "k_shot", 3);
    EXPECT_THAT(
        run_alone("anomaly.infer", params, folder("many")).error,
        HasSubstr("3 shots of 2 normal images of bottle")
    );
}

TEST_F(AnomalyJob, InferenceWithoutImagesOrEncoderSaysWhatIsMissing) {
    for (const char* name : {"data", "encoder"}) {
        Object params = inference();
        set_member(params, name, "");
        EXPECT_THAT(
            run_alone("anomaly.infer", params, folder(name)).error,
            HasSubstr(std::string("neither the parameter ") + name)
        );
    }
}

TEST_F(AnomalyJob, BothTasksFindTheirMapsByTheHashInTheRecord) {
    const UnitRun inferred = run_alone("anomaly.infer", inference(), folder("infer"));
    ASSERT_EQ(inferred.error, "");
    const std::string inputs = Inputs().add("infer", inference(), inferred).json();
    for (const char* job : {"anomaly.cls", "anomaly.seg"}) {
        const Object params{
            {"class_name", "bottle"}
        };
        const UnitRun run = run_alone(job, params, folder(job), {.inputs = inputs});
        ASSERT_EQ(run.error, "");
        EXPECT_EQ(cell(run, "metadata_path"), Value("infer/unit/maps"));
        EXPECT_EQ(cell(run, "branch_source"), Value("computed"));
        const double semantic = *cell(run, "semantic_auroc").as_number();
        const double memory = *cell(run, "memory_auroc").as_number();
        EXPECT_DOUBLE_EQ(*cell(run, "gap").as_number(), std::abs(semantic - memory));
    }
    ASSERT_TRUE(write_maps(inferred.out + "/maps", simple_maps(1)));
    EXPECT_THAT(
        run_alone(
            "anomaly.cls",
            {
                {"class_name", "x"}
    },
            folder("other"),
            {.inputs = inputs}
        )
            .error,
        HasSubstr("not the maps that the unit's record names")
    );
    EXPECT_THAT(
        run_alone(
            "anomaly.cls",
            {
                {"class_name", "x"}
    },
            folder("none")
        )
            .error,
        HasSubstr("neither the parameter maps")
    );
}

TEST_F(AnomalyJob, BranchColumnsOfPixelsDoNotDependOnTheMode) {
    ASSERT_TRUE(write_maps(folder("maps"), simple_maps(1)));
    std::vector<UnitRun> runs;
    for (const char* mode : {"semantic", "memory", "max", "harmonic", "oracle"}) {
        Object params = scoring(folder("maps"));
        set_member(params, "score_mode", mode);
        set_member(params, "sigma", 1.0);
        runs.push_back(run_alone("anomaly.seg", params, folder(mode)));
        ASSERT_EQ(runs.back().error, "");
        for (const char* column :
             {"semantic_auroc", "memory_auroc", "gap", "oracle_semantic_ratio", "p_roc_memory"}) {
            EXPECT_EQ(cell(runs.back(), column), cell(runs.front(), column)) << column;
        }
    }
    EXPECT_EQ(cell(runs[0], "p_roc"), cell(runs[0], "semantic_auroc"));
    EXPECT_EQ(cell(runs[1], "p_roc"), cell(runs[1], "memory_auroc"));
    EXPECT_GT(*cell(runs[4], "gain_over_best").as_number(), 0);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_NE(cell(runs[i], "score_hash"), cell(runs[j], "score_hash"));
        }
    }
    Object alias = scoring(folder("maps"));
    set_member(alias, "sigma", 1.0);
    set_member(alias, "score_mode", "oracle");
    set_member(alias, "oracle_impl", "max_alias");
    const UnitRun run = run_alone("anomaly.seg", alias, folder("alias"));
    EXPECT_EQ(cell(run, "score_hash"), cell(runs[2], "score_hash"));
}

TEST_F(AnomalyJob, ImagesAreJudgedInEveryModeAndModesThatAreOneAreNamed) {
    TaskMaps maps = simple_maps(2);
    for (ImageScores& image : maps.images) {
        image.semantic += 10;
    }
    ASSERT_TRUE(write_maps(folder("maps"), maps));
    const UnitRun run = run_alone("anomaly.cls", scoring(folder("maps")), folder("cls"));
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(cell(run, "equal_modes"), Value("semantic=max"));
    EXPECT_EQ(cell(run, "checks"), Value("EQUAL_SCORE_HASH"));
    EXPECT_EQ(cell(run, "i_roc"), cell(run, "i_roc_max"));
    EXPECT_EQ(cell(run, "i_roc_max"), cell(run, "i_roc_semantic"));
    EXPECT_EQ(cell(run, "frac_semantic_selected"), Value(1.0));
    Object calibrated = scoring(folder("maps"));
    set_member(calibrated, "calib", "rank");
    const UnitRun other = run_alone("anomaly.cls", calibrated, folder("rank"));
    EXPECT_EQ(cell(other, "checks"), Value(""));
    EXPECT_EQ(cell(other, "i_roc_semantic"), cell(run, "i_roc_semantic"));
}

TEST_F(AnomalyJob, ImagesOfOneKindHaveNoAreaAndNoGap) {
    ASSERT_TRUE(write_maps(folder("maps"), simple_maps(3, {.images = 1})));
    for (const char* job : {"anomaly.cls", "anomaly.seg"}) {
        const UnitRun run = run_alone(job, scoring(folder("maps")), folder(job));
        ASSERT_EQ(run.error, "");
        for (const char* column : {"semantic_auroc", "gap", "gain_over_best"}) {
            EXPECT_TRUE(cell(run, column).is_null()) << job << column;
        }
    }
}

TEST_F(AnomalyJob, MapsOfAnotherShapeThanTheTruthAreRefused) {
    JobState state = store_maps(simple_maps(1));
    set_member(state.values, "resolution", 256);  // scores by patch, the truth by pixel
    fs::create_directories(folder("maps"));
    PosixDisk disk;
    ASSERT_TRUE(save_job_state(disk, folder("maps"), state));
    EXPECT_THAT(
        run_alone("anomaly.seg", scoring(folder("maps")), folder("seg")).error,
        HasSubstr("maps: masks has another shape than the rest")
    );
}

}  // namespace
}  // namespace xorch::anomaly
