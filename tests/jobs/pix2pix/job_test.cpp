// Preparing pairs, training on them and what it refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/jobs/pix2pix/phase_units.h"

namespace xorch::pix2pix {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

TEST_F(Pix2pixJob, PreparedPairsAreCountedAndTheMadeFilesAreGone) {
    EXPECT_EQ(cell(shared_->pairs, "layout"), Value("clinical"));
    EXPECT_EQ(cell(shared_->pairs, "train_n"), Value(20));
    EXPECT_EQ(cell(shared_->pairs, "val_n"), Value(10));
    EXPECT_EQ(cell(shared_->pairs, "landmarks"), Value(true));
    EXPECT_FALSE(fs::exists(shared_->pairs.out + "/made"));
}

TEST_F(Pix2pixJob, AnIdInTwoSplitsIsALeak) {
    for (const char* table : {"train_ids.csv", "val_ids.csv", "test_ids.csv"}) {
        fs::create_directories(folder("data"));
        write_bytes(folder("data/") + table, "5\n");
    }
    for (const std::string split : {"训练集", "验证集", "测试集"}) {
        for (const std::string file : {"侧位照片/5.2.png", "x线片/5.1.png"}) {
            const std::string path = folder("data/" + split + "/" + file);
            fs::create_directories(fs::path(path).parent_path());
            // A grey PNG of one pixel.
            write_bytes(
                path,
                std::string(
                    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU"
                    "\0\0\0\nIDATx\x9c"
                    "c`\0\0\0\2\0\1H\xaf\xa4q\0\0\0\0IEND\xae"
                    "B`\x82",
                    67
                )
            );
        }
    }
    const UnitRun run = run_alone(
        "pix2pix.prepare",
        {
            {"data", folder("data")},
            {"side", 16            }
    },
        folder("run")
    );
    EXPECT_THAT(run.error, HasSubstr("LEAKAGE: id 5 is in train and in val"));
}

TEST_F(Pix2pixJob, ThresholdsAndHardCasesComeFromTheBaseline) {
    EXPECT_EQ(cell(shared_->freeze, "hardcase_total"), Value(2));
    EXPECT_EQ(cell(shared_->freeze, "hardcase_pass_rate"), Value(0.0));
    EXPECT_GT(*cell(shared_->freeze, "tau_l1").as_number(), 0);
    // Half a deviation beyond the means fails some, not all.
    EXPECT_GT(*cell(shared_->freeze, "failed_count_fixed").as_number(), 0);
    EXPECT_LT(*cell(shared_->freeze, "failed_count_fixed").as_number(), 10);
}

TEST_F(Pix2pixJob, ATrainingLeavesRecordModelAndHistory) {
    const UnitRun run = train(phase_training(), folder("train"), phase_inputs());
    ASSERT_EQ(run.error, "");
    for (const std::string column :
         {"best_epoch",
          "mean_l1",
          "mean_psnr_sample",
          "mean_psnr_batch",
          "landmark6_proxy_score",
          "roi_ab_edge_l1",
          "failed_count_fixed",
          "failed_ids_fixed",
          "hardcase_pass_rate",
          "hardcase_hits_in_train_subset",
          "hard_drawn_share",
          "gate_v2",
          "checks"}) {
        EXPECT_FALSE(cell(run, column).is_null()) << column;
    }
    EXPECT_EQ(cell(run, "train_n"), Value(20));
    EXPECT_TRUE(fs::exists(run.out + model_tensors));
    const std::string history = bytes_of(run.out + "/history.csv");
    EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 3);
    // In the second epoch half of the rate is left.
    EXPECT_THAT(history, HasSubstr("\n2,0.001,"));
}

// Stopped before, between and after the batches of each epoch in turn.
TEST_F(Pix2pixJob, ATrainingStoppedAnywhereEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight = train(phase_training(), folder("straight"), phase_inputs());
    ASSERT_EQ(straight.error, "");
    int stopped = 0;
    for (int looks = 1; looks <= 12; ++looks) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part =
            train(phase_training(), place, phase_inputs(), {.answers_before_stop = looks});
        ASSERT_EQ(part.error, "");
        if (part.end != JobEnd::checkpointed) continue;
        ++stopped;
        EXPECT_TRUE(part.records.empty());
        const UnitRun rest =
            train(phase_training(), place, phase_inputs(), {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << looks;
        for (const std::string name : {model_tensors, "/history.csv"}) {
            EXPECT_EQ(bytes_of(rest.out + name), bytes_of(straight.out + name)) << looks << name;
        }
    }
    EXPECT_GE(stopped, 6);
}

// Killed at any moment, a unit goes on from one of the checkpoints that it saved by time.
TEST_F(Pix2pixJob, ATrainingResumedFromAnyCheckpointEndsBitForBitAsOneThatRanThrough) {
    const UnitRun straight =
        train(phase_training(), folder("straight"), phase_inputs(), {.checkpoint_every = 2});
    ASSERT_EQ(straight.error, "");
    ASSERT_GE(straight.checkpoints.size(), 3U);
    for (const std::string& checkpoint : straight.checkpoints) {
        const std::string place = folder("from_" + fs::path(checkpoint).filename().string());
        const UnitRun rest = train(phase_training(), place, phase_inputs(), {.resume = checkpoint});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, straight.records) << checkpoint;
        EXPECT_EQ(bytes_of(rest.out + model_tensors), bytes_of(straight.out + model_tensors));
    }
}

TEST_F(Pix2pixJob, ASamplerThatFindsNoHardPairFails) {
    const UnitRun hard = list_hard("val_ids", folder("hard"));
    ASSERT_EQ(hard.error, "");
    EXPECT_EQ(cell(hard, "hard_n"), Value(2));
    EXPECT_EQ(cell(hard, "in_train"), Value(0));
    const UnitRun run = train(phase_training(), folder("train"), phase_inputs(&hard));
    EXPECT_THAT(
        run.error, HasSubstr("SAMPLER_NOOP: none of the 2 hard ids (val_ids) is among the 20")
    );
}

TEST_F(Pix2pixJob, ForcingValidationPairsIntoTheTrainingIsALeak) {
    const UnitRun hard = list_hard("val_ids", folder("hard"));
    Object params = phase_training();
    set_member(params, "force_hard_ids", true);
    EXPECT_THAT(
        train(params, folder("train"), phase_inputs(&hard)).error, HasSubstr("LEAKAGE: hard id ")
    );
    EXPECT_EQ(train(params, folder("others"), phase_inputs()).error, "");
}

TEST_F(Pix2pixJob, HardPairsNearThoseThatFailAreToldToBeTransductive) {
    const UnitRun hard = list_hard("knn_from_val_inputs", folder("hard"));
    ASSERT_EQ(hard.error, "");
    EXPECT_EQ(cell(hard, "checks"), Value("TRANSDUCTIVE"));
    EXPECT_EQ(cell(hard, "in_train"), cell(hard, "hard_n"));
    EXPECT_EQ(train(phase_training(), folder("train"), phase_inputs(&hard)).error, "");
}

TEST_F(Pix2pixJob, APhaseThatSwitchesItsGoalOffIsTold) {
    Object params{
        {"goal", "landmark6"}
    };
    EXPECT_EQ(
        cell(train(params, folder("off"), phase_inputs()), "checks"), Value("GOAL_SWITCHED_OFF")
    );
    set_member(params, "use_landmark6_roi_loss", true);
    EXPECT_EQ(cell(train(params, folder("on"), phase_inputs()), "checks"), Value(""));
}

TEST_F(Pix2pixJob, WhatIsMissingIsRefusedByName) {
    const std::string alone = inputs_of({
        {"pairs", &shared_->pairs}
    });
    EXPECT_THAT(train({}, folder("a"), "").error, HasSubstr("no input left pairs"));
    EXPECT_THAT(
        train(
            {
                {"sampler_weight", 2.0}
    },
            folder("b"),
            alone
        )
            .error,
        HasSubstr("pix2pix.hard")
    );
    EXPECT_THAT(
        train(
            {
                {"best_by", "failures"}
    },
            folder("c"),
            alone
        )
            .error,
        HasSubstr("pix2pix.freeze")
    );
    EXPECT_THAT(
        train(
            {
                {"depth", 5}
    },
            folder("d"),
            alone
        )
            .error,
        HasSubstr("depth = 5: a canvas")
    );
    EXPECT_THAT(
        train(
            {
                {"box_ab", "1,0,0,1"}
    },
            folder("f"),
            alone
        )
            .error,
        HasSubstr("box_ab = 1,0,0,1: ")
    );
    EXPECT_THAT(
        train(
            {
                {"folds", 2},
                {"fold",  2}
    },
            folder("e"),
            alone
        )
            .error,
        HasSubstr("fold = 2 of")
    );
}

}  // namespace
}  // namespace xorch::pix2pix
