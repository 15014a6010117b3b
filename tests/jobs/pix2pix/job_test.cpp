// The jobs of the family as units: few pairs on a small canvas, few steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/json.h"
#include "jobs/files/image_file.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::pix2pix {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

const char* const model_tensors = "/model/tensors.safetensors";

// XORCH_INPUTS of units that ran before.
std::string inputs_of(const std::vector<std::pair<std::string, const UnitRun*>>& runs) {
    Array inputs;
    for (const auto& [stage, run] : runs) {
        Object input;
        set_member(input, "stage", stage);
        set_member(input, "unit", "0123456789abcdef0123456789abcdef");
        set_member(input, "params", Object{});
        set_member(input, "dir", run->out);
        set_member(input, "records", Array(run->records.begin(), run->records.end()));
        inputs.push_back(input);
    }
    return format_json(Value(inputs));
}

Value cell(const UnitRun& run, const std::string& column) {
    const Value* value = find_member(run.records.back(), column);
    return value == nullptr ? Value() : *value;
}

// Pairs, a baseline, thresholds and hard pairs, made once.
class Pix2pixJob : public testing::Test {
 protected:
    struct Shared {
        TemporaryDirectory folder;
        UnitRun pairs;
        UnitRun baseline;
        UnitRun freeze;
        UnitRun fold;
        UnitRun hard;
    };

    static void SetUpTestSuite() {
        shared_ = new Shared;
        const std::string at = shared_->folder.path();
        shared_->pairs = run_alone(
            "pix2pix.prepare",
            {
                {"side",        16},
                {"made_train",  20},
                {"made_others", 10}
        },
            at + "/pairs"
        );
        ASSERT_EQ(shared_->pairs.error, "");
        shared_->baseline = train(
            {
        },
            at + "/baseline",
            inputs_of({{"pairs", &shared_->pairs}})
        );
        ASSERT_EQ(shared_->baseline.error, "");
        shared_->freeze = run_alone(
            "pix2pix.freeze",
            {
                {"hardcases", 2}
        },
            at + "/freeze",
            {.inputs = inputs_of({{"pairs", &shared_->pairs}, {"baseline", &shared_->baseline}})}
        );
        ASSERT_EQ(shared_->freeze.error, "");
        shared_->fold = train(
            {
                {"folds", 2}
        },
            at + "/fold",
            inputs_of({{"pairs", &shared_->pairs}})
        );
        ASSERT_EQ(shared_->fold.error, "");
        shared_->hard = list_hard("train_oof", at + "/hard");
        ASSERT_EQ(shared_->hard.error, "");
    }

    static void TearDownTestSuite() {
        delete shared_;
        shared_ = nullptr;
    }

    static UnitRun train(
        const Object& more,
        const std::string& folder,
        const std::string& inputs,
        UnitOptions options = {}
    ) {
        Object params{
            {"epochs",       2   },
            {"depth",        3   },
            {"width",        2   },
            {"judge_layers", 1   },
            {"judge_width",  2   },
            {"lr",           2e-3}
        };
        for (const auto& [name, value] : more) {
            set_member(params, name, value);
        }
        options.inputs = inputs;
        return run_alone("pix2pix.train", params, folder, options);
    }

    static UnitRun list_hard(const std::string& source, const std::string& folder) {
        return run_alone(
            "pix2pix.hard",
            {
                {"source", source}
        },
            folder,
            {.inputs = inputs_of(
                 {{"pairs", &shared_->pairs},
                  {"freeze", &shared_->freeze},
                  {"folds", &shared_->fold}}
             )}
        );
    }

    // What a phase trains with.
    static std::string phase_inputs(const UnitRun* hard = nullptr) {
        return inputs_of({
            {"pairs",  &shared_->pairs                        },
            {"freeze", &shared_->freeze                       },
            {"hard",   hard == nullptr ? &shared_->hard : hard}
        });
    }

    static UnitRun evaluate(const UnitRun& trained, const std::string& folder) {
        return run_alone(
            "pix2pix.eval",
            {
                {"config", "s0"}
        },
            folder,
            {.inputs = inputs_of(
                 {{"pairs", &shared_->pairs}, {"freeze", &shared_->freeze}, {"full", &trained}}
             )}
        );
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    static Shared* shared_;
    TemporaryDirectory folder_;
};

Pix2pixJob::Shared* Pix2pixJob::shared_ = nullptr;

Object phase_training() {
    return {
        {"use_landmark6_roi_loss", true   },
        {"lambda_edge",            10.0   },
        {"sampler_weight",         3.0    },
        {"best_by",                "proxy"},
        {"lr_decay_epochs",        1      }
    };
}

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
