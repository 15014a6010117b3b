// The jobs of the family as units: small synthetic images, few steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/jobs/cellseg/few_images.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class CellsegJob : public testing::Test {
 protected:
    // The images are the same for all tests of this program.
    static void SetUpTestSuite() {
        images_ = new TemporaryDirectory;
        make_few_images(images_->path());
    }

    static void TearDownTestSuite() {
        delete images_;
        images_ = nullptr;
    }

    static Object training() {
        return {
            {"data",             images_->path()},
            {"budget",           2              },
            {"epochs",           3              },
            {"images_per_epoch", 8              },
            {"batch",            2              },
            {"crop",             32             },
            {"width",            4              },
            {"niter",            20             }
        };
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static TemporaryDirectory* images_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* CellsegJob::images_ = nullptr;

TEST_F(CellsegJob, TrainingLeavesItsRecordModelAndPicture) {
    const UnitRun run = run_alone("cellseg.train", training(), folder("train"));
    ASSERT_EQ(run.error, "");
    ASSERT_EQ(run.records.size(), 1U);
    const Object& record = run.records[0];
    for (const std::string column :
         {"overall_ap50",
          "overall_ap50_pooled",
          "overall_precision",
          "overall_recall",
          "overall_f1",
          "olig2_ap50",
          "olig2_recall"}) {
        EXPECT_NE(find_member(record, column), nullptr) << column;
    }
    EXPECT_EQ(*find_member(record, "train_n"), Value(8));
    EXPECT_EQ(*find_member(record, "steps"), Value(12));
    EXPECT_EQ(*find_member(record, "budget_effective"), Value("gfap=2 iba1=2 neun=2 olig2=2"));
    EXPECT_EQ(*find_member(record, "model_path"), Value("model"));
    for (const std::string name : {"model/state.json", "panels.png", "images.tsv", "history.tsv"}) {
        EXPECT_TRUE(fs::exists(run.out + "/" + name)) << name;
    }
}

TEST_F(CellsegJob, AShortWarmUpIsInTheRecord) {
    const UnitRun run = run_alone("cellseg.train", training(), folder("train"));
    ASSERT_EQ(run.error, "");
    const double lr = 2e-3;
    EXPECT_EQ(find_member(run.records[0], "lr_max_reached")->as_number(), lr * 2 / 9);
}

// Stopped at every place in turn, also between two images of the evaluation.
TEST_F(CellsegJob, ATrainingStoppedAnywhereEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight = run_alone("cellseg.train", training(), folder("straight"));
    ASSERT_EQ(straight.error, "");
    const std::string model = bytes_of(straight.out + "/model/tensors.safetensors");
    int stopped = 0;
    for (const int looks : {1, 5, 9, 12, 14}) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part =
            run_alone("cellseg.train", training(), place, {.answers_before_stop = looks});
        ASSERT_EQ(part.error, "");
        if (part.end != JobEnd::checkpointed) continue;
        ++stopped;
        EXPECT_TRUE(part.records.empty());
        const UnitRun rest =
            run_alone("cellseg.train", training(), place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << looks;
        EXPECT_EQ(bytes_of(rest.out + "/model/tensors.safetensors"), model) << looks;
        EXPECT_EQ(bytes_of(rest.out + "/history.tsv"), bytes_of(straight.out + "/history.tsv"));
        EXPECT_EQ(bytes_of(rest.out + "/panels.png"), bytes_of(straight.out + "/panels.png"));
    }
    EXPECT_EQ(stopped, 5);
}

// Killed at any moment, a unit goes on from one of the checkpoints that it saved by time.
TEST_F(CellsegJob, ATrainingResumedFromAnyCheckpointEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight =
        run_alone("cellseg.train", training(), folder("straight"), {.checkpoint_every = 5});
    ASSERT_EQ(straight.error, "");
    ASSERT_GE(straight.checkpoints.size(), 3U);
    for (const std::string& checkpoint : straight.checkpoints) {
        const std::string place = folder("from_" + fs::path(checkpoint).filename().string());
        const UnitRun rest = run_alone("cellseg.train", training(), place, {.resume = checkpoint});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << checkpoint;
        EXPECT_EQ(
            bytes_of(rest.out + "/model/tensors.safetensors"),
            bytes_of(straight.out + "/model/tensors.safetensors")
        ) << checkpoint;
    }
}

TEST_F(CellsegJob, AnEvaluationOfTheModelRepeatsTheScoresOfItsTraining) {
    const UnitRun trained = run_alone("cellseg.train", training(), folder("train"));
    ASSERT_EQ(trained.error, "");
    const Object params{
        {"data",       images_->path()       },
        {"model",      trained.out + "/model"},
        {"eval_split", "val"                 },
        {"niter",      20                    }
    };
    const UnitRun evaluated = run_alone("cellseg.eval", params, folder("eval"));
    ASSERT_EQ(evaluated.error, "");
    for (const std::string column : {"overall_ap50", "overall_recall", "overall_f1"}) {
        EXPECT_EQ(
            *find_member(evaluated.records[0], column), *find_member(trained.records[0], column)
        );
    }
    const UnitRun part =
        run_alone("cellseg.eval", params, folder("part"), {.answers_before_stop = 2});
    ASSERT_EQ(part.end, JobEnd::checkpointed);
    const UnitRun rest =
        run_alone("cellseg.eval", params, folder("part"), {.resume = part.checkpoints.back()});
    EXPECT_EQ(rest.records, evaluated.records);
}

TEST_F(CellsegJob, PreparedImagesTrainAsTheirSources) {
    const UnitRun prepared = run_alone(
        "cellseg.prepare",
        {
            {"data", images_->path()}
    },
        folder("prepare")
    );
    ASSERT_EQ(prepared.error, "");
    ASSERT_EQ(prepared.records.size(), 12U);
    EXPECT_EQ(*find_member(prepared.records[4], "split"), Value("train"));
    EXPECT_EQ(*find_member(prepared.records[4], "images"), Value(images_per_group));
    Object params = training();
    set_member(params, "data", prepared.out + "/cells");
    const UnitRun from_prepared = run_alone("cellseg.train", params, folder("first"));
    const UnitRun from_source = run_alone("cellseg.train", training(), folder("second"));
    ASSERT_EQ(from_prepared.error, "");
    EXPECT_EQ(from_prepared.records, from_source.records);
}

TEST_F(CellsegJob, WrongParametersAreRefusedByName) {
    const auto error_with = [&](const std::string& name, Value value) {
        Object params = training();
        set_member(params, name, std::move(value));
        return run_alone("cellseg.train", params, folder("wrong")).error;
    };
    EXPECT_THAT(error_with("crop", 30), HasSubstr("crop = 30 is no multiple of 8"));
    EXPECT_THAT(error_with("batch", 0), HasSubstr("batch"));
    EXPECT_THAT(error_with("lr", "fast"), HasSubstr("lr"));
    EXPECT_THAT(error_with("colour", "infrared"), HasSubstr("colour"));
    EXPECT_THAT(error_with("budgets", "many"), HasSubstr("budgets"));
    EXPECT_THAT(error_with("eval_split", "holdout"), HasSubstr("no images in split \"holdout\""));
    EXPECT_THAT(error_with("min_train_masks", 1000), HasSubstr("min_train_masks"));
    EXPECT_THAT(error_with("data", folder_.path() + "/no"), HasSubstr("there is no such folder"));
    EXPECT_THAT(error_with("data", ""), HasSubstr("no images"));
}

}  // namespace
}  // namespace xorch::cellseg
