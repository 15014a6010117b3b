// The jobs of the family as units: simple beats, few steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "jobs/beats/beat_file.h"
#include "jobs/beats/report/training_log.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/beats/simple_beats.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::beats {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

const char* const model_tensors = "/model/tensors.safetensors";
const std::string log_file = std::string("/") + log_name;

class BeatsJob : public testing::Test {
 protected:
    static void SetUpTestSuite() {
        data_ = new TemporaryDirectory;
        ASSERT_TRUE(write_beats(data_->path(), simple_beats()));
    }

    static void TearDownTestSuite() {
        delete data_;
        data_ = nullptr;
    }

    // Five batches an epoch.
    static Object training() {
        return {
            {"data",           data_->path()},
            {"sampler",        "mix"        },
            {"weight_norm",    "majority1"  },
            {"loss",           "focal"      },
            {"weight_warm_up", 2            },
            {"epochs",         4            },
            {"min_epochs",     2            },
            {"patience",       4            },
            {"lr",             0.01         },
            {"batch",          32           }
        };
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static std::vector<Object> events(const UnitRun& run, const std::string& name) {
        std::vector<Object> found;
        std::ifstream file(run.out + log_file);
        for (std::string line; std::getline(file, line);) {
            const auto value = parse_json(line);
            if (!value) continue;
            if (*value->find("event") == Value(name)) found.push_back(*value->get_if<Object>());
        }
        return found;
    }

    static TemporaryDirectory* data_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* BeatsJob::data_ = nullptr;

TEST_F(BeatsJob, TrainingLeavesItsRecordModelPictureAndLog) {
    testing::internal::CaptureStdout();
    const UnitRun run = run_alone("beats.train", training(), folder("train"));
    const std::string printed = testing::internal::GetCapturedStdout();
    ASSERT_EQ(run.error, "");
    ASSERT_EQ(run.records.size(), 1U);
    for (const std::string column :
         {"best_epoch",
          "val_macro_f1",
          "val_abnormal_macro_f1",
          "val_rare_macro_f1",
          "val_f1_s",
          "val_recall_o",
          "gen_macro_f1",
          "gen_min_f1",
          "gen_confusion",
          "val_collapse",
          "checks"}) {
        EXPECT_NE(find_member(run.records[0], column), nullptr) << column;
    }
    EXPECT_EQ(*find_member(run.records[0], "train_n"), Value(160));
    EXPECT_EQ(events(run, "start").size(), 1U);
    EXPECT_EQ(events(run, "epoch_start").size(), 4U);
    EXPECT_EQ(events(run, "epoch").size(), 4U);
    EXPECT_GE(events(run, "best").size(), 1U);
    EXPECT_EQ(events(run, "final").size(), 1U);
    EXPECT_TRUE(fs::exists(run.out + model_tensors));
    const auto picture = read_raster(run.out + "/confusion.png");
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->width, 2 * picture->height);
    EXPECT_THAT(printed, HasSubstr("Expected batch mix: N 0.500 S 0.200 V 0.200 O 0.100"));
    EXPECT_THAT(printed, HasSubstr("(abn "));
    EXPECT_THAT(printed, HasSubstr(" rare "));
}

TEST_F(BeatsJob, TheLogSaysHowTheClassesWereBalancedAndAllFourProbabilities) {
    const UnitRun run = run_alone("beats.train", training(), folder("train"));
    ASSERT_EQ(run.error, "");
    const Object start = events(run, "start")[0];
    EXPECT_EQ(*find_member(start, "class_counts"), Value(Array{112, 16, 16, 16}));
    for (const char* name :
         {"class_weights_raw",
          "class_weights",
          "ce_weights",
          "sampler_weights",
          "sampler_mix",
          "target_mix",
          "gradient_shares"}) {
        EXPECT_EQ(find_member(start, name)->get_if<Array>()->size(), 4U) << name;
    }
    EXPECT_EQ(*find_member(start, "class_weights"), Value(Array{1.0, 7.0, 7.0, 7.0}));
    const std::vector<Object> begun = events(run, "epoch_start");
    EXPECT_EQ(*find_member(begun[0], "warmup_alpha"), Value(0.0));
    EXPECT_EQ(*find_member(begun[1], "warmup_alpha"), Value(0.5));
    EXPECT_EQ(*find_member(begun[0], "ce_weights"), Value(Array{1.0, 1.0, 1.0, 1.0}));
    EXPECT_EQ(*find_member(begun[0], "stack_sampler_with_ce"), Value(false));
    for (const Object& epoch : events(run, "epoch")) {
        const Array& p = *find_member(epoch, "val_probabilities")->get_if<Array>();
        double sum = 0;
        for (const Value& each : p) {
            sum += *each.as_number();
        }
        EXPECT_EQ(p.size(), 4U);
        EXPECT_NEAR(sum, 1, 1e-4);
    }
}

TEST_F(BeatsJob, WithoutASamplerTheLogHasNoWeightsOfIt) {
    Object params = training();
    set_member(params, "sampler", "none");
    const UnitRun run = run_alone("beats.train", params, folder("train"));
    ASSERT_EQ(run.error, "");
    for (const char* name : {"sampler_weights", "sampler_mix", "target_mix"}) {
        EXPECT_TRUE(find_member(events(run, "start")[0], name)->is_null()) << name;
    }
}

// Stopped before, between and after the batches of each epoch in turn.
TEST_F(BeatsJob, ATrainingStoppedAnywhereEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight = run_alone("beats.train", training(), folder("straight"));
    ASSERT_EQ(straight.error, "");
    int stopped = 0;
    for (int looks = 1; looks <= 24; ++looks) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part =
            run_alone("beats.train", training(), place, {.answers_before_stop = looks});
        ASSERT_EQ(part.error, "");
        if (part.end != JobEnd::checkpointed) continue;
        ++stopped;
        EXPECT_TRUE(part.records.empty());
        const UnitRun rest =
            run_alone("beats.train", training(), place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << looks;
        for (const std::string& name : {std::string(model_tensors), log_file}) {
            EXPECT_EQ(bytes_of(rest.out + name), bytes_of(straight.out + name)) << looks << name;
        }
    }
    EXPECT_GE(stopped, 15);
}

// Killed at any moment, a unit goes on from one of the checkpoints that it saved by time, in a
// folder that knows nothing of what was written after it.
TEST_F(BeatsJob, ATrainingResumedFromAnyCheckpointEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight =
        run_alone("beats.train", training(), folder("straight"), {.checkpoint_every = 3});
    ASSERT_EQ(straight.error, "");
    ASSERT_GE(straight.checkpoints.size(), 5U);
    for (const std::string& checkpoint : straight.checkpoints) {
        const std::string place = folder("from_" + fs::path(checkpoint).filename().string());
        const UnitRun rest = run_alone("beats.train", training(), place, {.resume = checkpoint});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << checkpoint;
        for (const std::string& name : {std::string(model_tensors), log_file}) {
            EXPECT_EQ(bytes_of(rest.out + name), bytes_of(straight.out + name)) << checkpoint;
        }
    }
}

TEST_F(BeatsJob, TheGeneralisationBeatsChangeNoWeightAndNoChoice) {
    BeatSplits other = simple_beats();
    for (std::uint8_t& each : other.generalisation.classes) {
        each = static_cast<std::uint8_t>(3 - each);
    }
    for (float& sample : other.generalisation.windows) {
        sample = -sample;
    }
    fs::create_directories(folder("other"));
    ASSERT_TRUE(write_beats(folder("other"), other));
    Object params = training();
    const UnitRun first = run_alone("beats.train", params, folder("first"));
    set_member(params, "data", folder("other"));
    const UnitRun second = run_alone("beats.train", params, folder("second"));
    ASSERT_EQ(first.error, "");
    ASSERT_EQ(second.error, "");
    EXPECT_EQ(bytes_of(first.out + model_tensors), bytes_of(second.out + model_tensors));
    for (const auto& [name, value] : first.records[0]) {
        if (name.starts_with("gen_")) continue;
        EXPECT_EQ(*find_member(second.records[0], name), value) << name;
    }
    EXPECT_NE(
        *find_member(first.records[0], "gen_confusion"),
        *find_member(second.records[0], "gen_confusion")
    );
}

TEST_F(BeatsJob, TrainingEndsWhenItsPatienceDoes) {
    Object params = training();
    set_member(params, "epochs", 60);
    set_member(params, "patience", 3);
    const UnitRun run = run_alone("beats.train", params, folder("train"));
    ASSERT_EQ(run.error, "");
    const auto best = *find_member(run.records[0], "best_epoch")->as_number();
    const auto epochs = *find_member(run.records[0], "epochs_run")->as_number();
    EXPECT_EQ(epochs, best + 3);
    EXPECT_LT(epochs, 60);
}

TEST_F(BeatsJob, AnEvaluationOfTheModelRepeatsTheScoresOfItsTraining) {
    const UnitRun trained = run_alone("beats.train", training(), folder("train"));
    ASSERT_EQ(trained.error, "");
    const Object params{
        {"data",  data_->path()         },
        {"model", trained.out + "/model"},
        {"batch", 32                    }
    };
    const UnitRun run = run_alone("beats.eval", params, folder("eval"));
    ASSERT_EQ(run.error, "");
    for (const std::string column : {"val_confusion", "gen_confusion", "val_loss", "gen_f1_n"}) {
        EXPECT_EQ(*find_member(run.records[0], column), *find_member(trained.records[0], column));
    }
}

TEST_F(BeatsJob, WrongParametersAreRefusedByName) {
    const auto error_with = [&](const std::string& name, Value value) {
        Object params = training();
        set_member(params, name, std::move(value));
        return run_alone("beats.train", params, folder("wrong")).error;
    };
    EXPECT_THAT(error_with("target_mix", "0.5,0.2,0.3"), HasSubstr("target_mix = 0.5,0.2,0.3"));
    EXPECT_THAT(error_with("target_mix", "0.5,0.2,0.3,0"), HasSubstr("four positive numbers"));
    EXPECT_THAT(error_with("target_mix", "1,1,1,1,1"), HasSubstr("four positive numbers"));
    EXPECT_THAT(error_with("weight_norm", "balance"), HasSubstr("weight_norm"));
    EXPECT_THAT(error_with("epochs", 0), HasSubstr("epochs"));
    EXPECT_THAT(error_with("data", ""), HasSubstr("no beats"));
}

TEST_F(BeatsJob, BeatsThatLackAClassAreRefusedByName) {
    BeatSplits beats = simple_beats();
    for (std::uint8_t& each : beats.val.classes) {
        if (each == 2) each = 0;
    }
    ASSERT_TRUE(write_beats(folder_.path(), beats));
    Object params = training();
    set_member(params, "data", folder_.path());
    EXPECT_THAT(
        run_alone("beats.train", params, folder("train")).error,
        HasSubstr("no beat of class V among those of val")
    );
}

}  // namespace
}  // namespace xorch::beats
