// From made images to the hybrid: audits, networks that go on from others, and the choice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "jobs/files/tiff_file.h"
#include "tests/jobs/cellseg/few_images.h"

namespace xorch::cellseg {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class CellsegRecipe : public testing::Test {
 protected:
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
            {"epochs",           2              },
            {"images_per_epoch", 8              },
            {"batch",            4              },
            {"crop",             32             },
            {"width",            4              },
            {"niter",            20             }
        };
    }

    std::string folder(const std::string& name) const { return folder_.path() + "/" + name; }

    // A folder as an evaluation leaves it.
    UnitRun evaluation(const std::string& name, const std::string& split, const std::string& rows) {
        UnitRun run{.error = {}, .records = {}, .out = folder(name + split), .checkpoints = {}};
        run.records = {{{"eval_split", split}}};
        fs::create_directories(run.out);
        write_bytes(run.out + "/images.tsv", "name\tgroup\ttp\tfp\tfn\tap50\n" + rows);
        return run;
    }

    UnitRun hybrid(const Inputs& inputs) {
        return run_alone(
            "cellseg.hybrid",
            {},
            folder("hybrid" + std::to_string(++hybrids_)),
            {.inputs = inputs.json()}
        );
    }

    static TemporaryDirectory* images_;
    TemporaryDirectory folder_;
    int hybrids_ = 0;
};

TemporaryDirectory* CellsegRecipe::images_ = nullptr;

std::string text(const Object& row, const std::string& column) {
    const Value* value = find_member(row, column);
    return value == nullptr ? "(missing)" : format_plain(*value);
}

TEST_F(CellsegRecipe, WithoutAnEpochIsTheNetworkThatItStartedFrom) {
    const UnitRun first = run_alone("cellseg.train", training(), folder("first"));
    ASSERT_EQ(first.error, "");
    Object params = training();
    set_member(params, "epochs", 0);
    const std::string inputs = Inputs().add("pretrain", {}, first).json();
    const UnitRun same = run_alone("cellseg.train", params, folder("same"), {.inputs = inputs});
    ASSERT_EQ(same.error, "");
    EXPECT_EQ(
        bytes_of(same.out + "/model/tensors.safetensors"),
        bytes_of(first.out + "/model/tensors.safetensors")
    );
    EXPECT_EQ(text(same.records[0], "overall_f1"), text(first.records[0], "overall_f1"));
    EXPECT_EQ(text(same.records[0], "steps"), "0");
    EXPECT_EQ(find_member(same.records[0], "final_loss"), nullptr);
}

TEST_F(CellsegRecipe, StoppedAnywhereAFineTunedNetworkEndsBitForBitTheSame) {
    const UnitRun first = run_alone("cellseg.train", training(), folder("first"));
    Object params = training();
    set_member(params, "group", "olig2");
    const std::string inputs = Inputs().add("pretrain", {}, first).json();
    const UnitRun straight =
        run_alone("cellseg.train", params, folder("straight"), {.inputs = inputs});
    ASSERT_EQ(straight.error, "");
    EXPECT_EQ(text(straight.records[0], "train_n"), "3");
    const std::string model = bytes_of(straight.out + "/model/tensors.safetensors");
    EXPECT_NE(model, bytes_of(first.out + "/model/tensors.safetensors"));
    for (const int looks : {1, 3, 5, 7}) {
        const std::string place = folder("stop" + std::to_string(looks));
        const UnitRun part = run_alone(
            "cellseg.train", params, place, {.answers_before_stop = looks, .inputs = inputs}
        );
        ASSERT_EQ(part.end, JobEnd::checkpointed);
        const UnitRun rest = run_alone(
            "cellseg.train", params, place, {.resume = part.checkpoints.back(), .inputs = inputs}
        );
        EXPECT_EQ(rest.records, straight.records) << looks;
        EXPECT_EQ(bytes_of(rest.out + "/model/tensors.safetensors"), model) << looks;
    }
}

TEST_F(CellsegRecipe, ANetworkOfAnotherWidthOrAnUnknownGroupIsRefused) {
    const UnitRun first = run_alone("cellseg.train", training(), folder("first"));
    Object params = training();
    set_member(params, "width", 8);
    set_member(params, "model", first.out + "/model");
    EXPECT_THAT(
        run_alone("cellseg.train", params, folder("wide")).error,
        HasSubstr("a network of width 4, but width = 8")
    );
    set_member(params, "group", "microglia");
    EXPECT_THAT(
        run_alone("cellseg.train", params, folder("group")).error,
        HasSubstr("no training image is of the group \"microglia\"")
    );
}

TEST_F(CellsegRecipe, WithSeedsByTheEpochOtherSeedsDrawTheSameAndAreToldApart) {
    const UnitRun first = run_alone("cellseg.train", training(), folder("first"));
    const std::string inputs = Inputs().add("pretrain", {}, first).json();
    // Weights come from the same network, so that only what is drawn can differ.
    const auto model = [&](std::uint32_t seed, bool by_epoch) {
        Object params = training();
        set_member(params, "compat_epoch_seed", by_epoch);
        const std::string place = folder(std::to_string(seed) + (by_epoch ? "epoch" : "seed"));
        const UnitRun run =
            run_alone("cellseg.train", params, place, {.inputs = inputs, .seed = seed});
        EXPECT_EQ(run.error, "");
        EXPECT_EQ(
            text(run.records[0], "checks"),
            by_epoch ? "LR_NEVER_REACHED EPOCH_SEED" : "LR_NEVER_REACHED"
        );
        return bytes_of(run.out + "/model/tensors.safetensors");
    };
    EXPECT_EQ(model(1, true), model(2, true));
    EXPECT_NE(model(1, false), model(2, false));
}

TEST_F(CellsegRecipe, ChecksNameAShortWarmUpAndABudgetThatBoughtNothingNew) {
    Object params = training();
    set_member(params, "budget", 30);
    set_member(params, "budgets", "20,30");
    const UnitRun both = run_alone("cellseg.train", params, folder("both"));
    ASSERT_EQ(both.error, "");
    EXPECT_EQ(text(both.records[0], "checks"), "CLAMPED_DUPLICATE LR_NEVER_REACHED");
    set_member(params, "budget", 2);
    set_member(params, "epochs", 10);
    const UnitRun neither = run_alone("cellseg.train", params, folder("neither"));
    EXPECT_EQ(text(neither.records[0], "checks"), "");
}

TEST_F(CellsegRecipe, MadeImagesAreThoseOfTheirSeedAndLabelEveryNucleusWhereAsked) {
    const UnitRun marker = run_alone(
        "cellseg.synthetic",
        {
            {"seed", 5}
    },
        folder("marker")
    );
    const UnitRun every = run_alone(
        "cellseg.synthetic",
        {
            {"seed",   5      },
            {"labels", "every"}
    },
        folder("every")
    );
    ASSERT_EQ(marker.error, "");
    ASSERT_EQ(every.error, "");
    EXPECT_EQ(text(marker.records[0], "images"), "120");
    const std::string stem = "/cells/train_cells/gfap_10000001";
    EXPECT_EQ(bytes_of(marker.out + stem + ".png"), bytes_of(every.out + stem + ".png"));
    const auto cells_of = [&](const UnitRun& run, const std::string& name) {
        const UnitRun prepared = run_alone(
            "cellseg.prepare",
            {
                {"data", run.out + "/cells"}
        },
            folder("prepared_" + name)
        );
        double cells = 0.0;
        for (const Object& row : prepared.records) {
            cells += find_member(row, "cells")->as_number().value();
        }
        return cells;
    };
    // 26 other nuclei per image, some of them hidden below cells.
    EXPECT_GT(cells_of(every, "every"), cells_of(marker, "marker") + 120 * 15);
}

TEST_F(CellsegRecipe, APreparationNamesSplitAndGroupOfAMaskWithoutBackground) {
    fs::copy(images_->path(), folder("images"), fs::copy_options::recursive);
    std::string mask;
    for (const auto& entry : fs::directory_iterator(folder("images/val_cells"))) {
        const std::string path = entry.path().string();
        if (path.ends_with("_mask.tif") && path.find("/iba1_") != std::string::npos) mask = path;
    }
    ASSERT_TRUE(write_label_tiff(mask, Labels(96, 96, 1)));
    const UnitRun prepared = run_alone(
        "cellseg.prepare",
        {
            {"data", folder("images")}
    },
        folder("prepared")
    );
    ASSERT_EQ(prepared.error, "");
    std::string named;
    for (const Object& row : prepared.records) {
        if (text(row, "checks").empty()) continue;
        EXPECT_EQ(text(row, "checks"), "NO_BACKGROUND");
        EXPECT_EQ(text(row, "cells"), "1");
        named += text(row, "split") + " " + text(row, "group");
    }
    EXPECT_EQ(named, "val iba1");
}

TEST_F(CellsegRecipe, AnAuditTellsThatADonorOfOneImageIsNoSplitByDonor) {
    const UnitRun audit = run_alone(
        "cellseg.audit",
        {
            {"data", images_->path()}
    },
        folder("audit")
    );
    ASSERT_EQ(audit.error, "");
    ASSERT_EQ(audit.records.size(), 3U);
    EXPECT_EQ(text(audit.records[1], "split"), "train");
    EXPECT_EQ(text(audit.records[1], "donors"), "12");
    EXPECT_EQ(text(audit.records[1], "checks"), "ONE_IMAGE_PER_DONOR DONORS_BY_NAME");
}

TEST_F(CellsegRecipe, ADonorInTwoSplitsIsALeakThatEndsTheUnitUnlessAccepted) {
    std::string table = "image,donor\n";
    for (const auto& entry : fs::recursive_directory_iterator(images_->path())) {
        const std::string stem = entry.path().stem().string();
        if (entry.path().extension() != ".png") continue;
        const bool test = entry.path().parent_path().filename() == "test_cells";
        table += stem + "," + (test || stem.ends_with("01") ? "7" : stem) + "\n";
    }
    write_bytes(folder("donors.csv"), table);
    Object params{
        {"data",   images_->path()     },
        {"donors", folder("donors.csv")}
    };
    EXPECT_THAT(
        run_alone("cellseg.audit", params, folder("refused")).error,
        HasSubstr("LEAKAGE: donors of test are in another split, too: 7")
    );
    set_member(params, "accept_leakage", true);
    const UnitRun accepted = run_alone("cellseg.audit", params, folder("accepted"));
    ASSERT_EQ(accepted.error, "");
    EXPECT_EQ(text(accepted.records[0], "checks"), "LEAKAGE");
    EXPECT_EQ(text(accepted.records[2], "checks"), "");  // val shares nobody
    write_bytes(folder("donors.csv"), "image,donor\ngfap_1,5\n");
    EXPECT_THAT(
        run_alone("cellseg.audit", params, folder("lacking")).error,
        HasSubstr("an image without a donor")
    );
}

constexpr const char* good = "a\tolig2\t8\t1\t1\t0.8\n";
constexpr const char* bad = "a\tolig2\t1\t4\t5\t0.1\n";

TEST_F(CellsegRecipe, TheHybridTakesTheBestOnValidationAndReportsTest) {
    const Object baseline{
        {"recipe", "baseline"}
    };
    const Object generic{
        {"recipe", "generic"}
    };
    Inputs inputs;
    inputs.add(
        "eval", baseline, evaluation("b", "val", std::string(good) + "b\tgfap\t1\t9\t0\t0.1\n")
    );
    inputs.add(
        "eval", baseline, evaluation("b", "test", std::string(bad) + "b\tgfap\t1\t9\t0\t0.1\n")
    );
    inputs.add("eval", generic, evaluation("g", "val", std::string(bad) + "b\tgfap\t9\t0\t0\t1\n"));
    inputs.add(
        "eval", generic, evaluation("g", "test", std::string(good) + "b\tgfap\t9\t1\t0\t.9\n")
    );
    const UnitRun run = hybrid(inputs);
    ASSERT_EQ(run.error, "");
    ASSERT_EQ(run.records.size(), 3U);
    const Object& row = run.records[2];
    EXPECT_EQ(text(row, "recipe"), "hybrid");
    EXPECT_EQ(text(row, "olig2_chosen"), "baseline");
    EXPECT_EQ(text(row, "gfap_chosen"), "generic");
    EXPECT_EQ(text(row, "olig2_ap50"), "0.1");
    EXPECT_EQ(text(row, "gfap_ap50"), "0.9");
    EXPECT_EQ(text(row, "overall_ap50"), "0.5");
    const std::string table = bytes_of(run.out + "/e1_metrics_with_hybrid.tsv");
    EXPECT_THAT(table, HasSubstr("hybrid\tolig2\t0.1\t"));
    EXPECT_THAT(table, HasSubstr("\tbaseline\n"));
}

TEST_F(CellsegRecipe, NoTestScoreChangesWhatTheHybridChooses) {
    const auto chosen_with = [&](const char* baseline_test, const char* generic_test) {
        Inputs inputs;
        const auto add = [&](const std::string& recipe, const std::string& split, const char* rows
                         ) {
            inputs.add(
                "eval",
                {
                    {"recipe", recipe}
            },
                evaluation(recipe, split, rows)
            );
        };
        add("baseline", "val", good);
        add("generic", "val", bad);
        add("baseline", "test", baseline_test);
        add("generic", "test", generic_test);
        const UnitRun run = hybrid(inputs);
        EXPECT_EQ(run.error, "");
        return run.error.empty() ? text(run.records[2], "olig2_chosen") : run.error;
    };
    EXPECT_EQ(chosen_with(good, bad), "baseline");
    EXPECT_EQ(chosen_with(bad, good), "baseline");
    EXPECT_EQ(chosen_with(bad, bad), "baseline");
}

TEST_F(CellsegRecipe, AHybridOfIncompleteEvaluationsOrOfOneSplitIsRefused) {
    Inputs inputs;
    const Object baseline{
        {"recipe", "baseline"}
    };
    inputs.add("eval", baseline, evaluation("b", "val", good));
    EXPECT_THAT(hybrid(inputs).error, HasSubstr("every recipe needs one evaluation"));
    inputs.add("eval", baseline, evaluation("b", "test", "a\tolig2\tmany\t1\t1\t0.8\n"));
    EXPECT_THAT(hybrid(inputs).error, HasSubstr("\"many\" is no count"));
    const UnitRun same = run_alone(
        "cellseg.hybrid",
        {
            {"report_on", "val"}
    },
        folder("same"),
        {.inputs = inputs.json()}
    );
    EXPECT_THAT(same.error, HasSubstr("the same split"));
}

}  // namespace
}  // namespace xorch::cellseg
