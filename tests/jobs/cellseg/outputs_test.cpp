// Network outputs that one unit keeps and others make cells of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/jobs/cellseg/few_images.h"

namespace xorch::cellseg {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class CellsegOutputs : public testing::Test {
 protected:
    // A trained network and its outputs are the same for all tests of this program.
    static void SetUpTestSuite() {
        shared_ = new TemporaryDirectory;
        make_few_images(images());
        const UnitRun trained = train("train", 40);
        ASSERT_EQ(trained.error, "");
        model_ = new std::string(trained.out + "/model");
        outputs_ = new UnitRun(predict(*model_, shared_->path() + "/outputs"));
        ASSERT_EQ(outputs_->error, "");
    }

    static void TearDownTestSuite() {
        delete outputs_;
        delete model_;
        delete shared_;
    }

    static std::string images() { return shared_->path() + "/images"; }

    static UnitRun train(const std::string& name, int epochs) {
        return run_alone(
            "cellseg.train",
            {
                {"data",             images()},
                {"epochs",           epochs  },
                {"images_per_epoch", 16      },
                {"crop",             48      },
                {"width",            8       },
                {"lr",               0.01    }
        },
            shared_->path() + "/" + name
        );
    }

    static UnitRun predict(
        const std::string& model, const std::string& folder, const UnitOptions& options = {}
    ) {
        return run_alone(
            "cellseg.predict",
            {
                {"data",       images()},
                {"model",      model   },
                {"eval_split", "val"   }
        },
            folder,
            options
        );
    }

    UnitRun segment(const UnitRun& outputs, Object params = {}, const std::string& model = {}) {
        set_member(params, "data", images());
        set_member(params, "eval_split", "val");
        set_member(params, "flow_threshold", 0.0);  // too strict for so short a training
        Inputs inputs;
        inputs.add("predict", {}, outputs);
        if (!model.empty()) inputs.add_folder("train", fs::path(model).parent_path());
        const std::string name = "/segment" + std::to_string(++segments_);
        return run_alone(
            "cellseg.segment", params, folder_.path() + name, {.inputs = inputs.json()}
        );
    }

    // A copy that a test may spoil.
    UnitRun copy_of_outputs() {
        UnitRun copy = *outputs_;
        copy.out = folder_.path() + "/copy" + std::to_string(++copies_);
        fs::copy(outputs_->out, copy.out, fs::copy_options::recursive);
        return copy;
    }

    static std::string first_output(const UnitRun& run) {
        for (const auto& entry : fs::directory_iterator(run.out + "/outputs")) {
            if (entry.path().extension() == ".safetensors") return entry.path().string();
        }
        return {};
    }

    static TemporaryDirectory* shared_;
    static std::string* model_;
    static UnitRun* outputs_;
    TemporaryDirectory folder_;
    int segments_ = 0;
    int copies_ = 0;
};

TemporaryDirectory* CellsegOutputs::shared_ = nullptr;
std::string* CellsegOutputs::model_ = nullptr;
UnitRun* CellsegOutputs::outputs_ = nullptr;

TEST_F(CellsegOutputs, GiveTheScoresOfAnEvaluationWithTheNetwork) {
    const UnitRun evaluated = run_alone(
        "cellseg.eval",
        {
            {"data",           images()},
            {"model",          *model_ },
            {"eval_split",     "val"   },
            {"flow_threshold", 0.0     }
    },
        folder_.path() + "/eval"
    );
    const UnitRun segmented = segment(*outputs_);
    ASSERT_EQ(segmented.error, "");
    EXPECT_EQ(bytes_of(segmented.out + "/images.tsv"), bytes_of(evaluated.out + "/images.tsv"));
    EXPECT_EQ(bytes_of(segmented.out + "/panels.png"), bytes_of(evaluated.out + "/panels.png"));
    for (const std::string column : {"overall_ap50", "olig2_recall", "gfap_f1"}) {
        EXPECT_EQ(
            *find_member(segmented.records[0], column), *find_member(evaluated.records[0], column)
        );
    }
}

TEST_F(CellsegOutputs, ServeOtherThresholdsWithoutAnyNetwork) {
    const UnitRun copy = copy_of_outputs();
    // The outputs' unit left no network, and none is named: there is nothing to ask.
    EXPECT_FALSE(fs::exists(copy.out + "/model"));
    const UnitRun usual = segment(copy);
    const UnitRun strict = segment(
        copy,
        {
            {"cellprob_threshold", 20.0}
    }
    );
    ASSERT_EQ(usual.error, "");
    ASSERT_EQ(strict.error, "");
    EXPECT_GT(find_member(usual.records[0], "overall_recall")->as_number(), 0.0);
    EXPECT_EQ(find_member(strict.records[0], "overall_recall")->as_number(), 0.0);
}

TEST_F(CellsegOutputs, ThatAreGoneOrChangedAreRefused) {
    const UnitRun gone = copy_of_outputs();
    fs::remove(first_output(gone));
    EXPECT_THAT(segment(gone).error, HasSubstr("the output for"));
    const UnitRun changed = copy_of_outputs();
    std::string bytes = bytes_of(first_output(changed));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_bytes(first_output(changed), bytes);
    EXPECT_THAT(segment(changed).error, HasSubstr("not what the network answered"));
    const UnitRun all_gone = copy_of_outputs();
    fs::remove_all(all_gone.out + "/outputs");
    EXPECT_THAT(segment(all_gone).error, HasSubstr("no input left network outputs"));
}

TEST_F(CellsegOutputs, OfAnotherNetworkAreRefused) {
    const UnitRun other = train("other", 1);
    ASSERT_EQ(other.error, "");
    EXPECT_EQ(segment(*outputs_, {}, *model_).error, "");
    EXPECT_THAT(
        segment(*outputs_, {}, other.out + "/model").error, HasSubstr("the outputs are those of")
    );
    // Its files under the record of the first.
    const UnitRun foreign = predict(other.out + "/model", folder_.path() + "/foreign");
    ASSERT_EQ(foreign.error, "");
    UnitRun mixed = foreign;
    mixed.records = outputs_->records;
    EXPECT_THAT(segment(mixed).error, HasSubstr("not the index that the unit's record names"));
}

TEST_F(CellsegOutputs, OfOtherImagesAreRefused) {
    const UnitRun other = segment(
        *outputs_,
        {
            {"colour", "grey"}
    }
    );
    EXPECT_THAT(other.error, HasSubstr("no output of the network"));
}

TEST_F(CellsegOutputs, OfAUnitStoppedAnywhereAreTheSameFiles) {
    for (const int looks : {1, 2, 3}) {
        const std::string place = folder_.path() + "/stop" + std::to_string(looks);
        const UnitRun part = predict(*model_, place, {.answers_before_stop = looks});
        ASSERT_EQ(part.end, JobEnd::checkpointed) << looks;
        const UnitRun rest = predict(*model_, place, {.resume = part.checkpoints.back()});
        ASSERT_EQ(rest.error, "");
        EXPECT_EQ(rest.records, outputs_->records);
        EXPECT_EQ(
            bytes_of(rest.out + "/outputs/index.tsv"),
            bytes_of(outputs_->out + "/outputs/index.tsv")
        );
    }
}

TEST_F(CellsegOutputs, AGateIsComparedWithItsAbsence) {
    const auto gated = [&](double low, double high, int area) {
        return segment(
            *outputs_,
            {
                {"gate",      true },
                {"gate_low",  low  },
                {"gate_high", high },
                {"gate_area", area },
                {"recipe",    "net"}
        }
        );
    };
    const UnitRun open = gated(0.0, 100.0, 0);
    ASSERT_EQ(open.error, "");
    EXPECT_EQ(find_member(open.records[0], "delta_overall_recall")->as_number(), 0.0);
    const UnitRun closed = gated(0.0, 100.0, 100000);
    ASSERT_EQ(closed.error, "");
    const Object& row = closed.records[0];
    EXPECT_EQ(find_member(row, "gated_overall_recall")->as_number(), 0.0);
    EXPECT_EQ(
        find_member(row, "delta_overall_recall")->as_number().value(),
        -find_member(row, "overall_recall")->as_number().value()
    );
    const std::string table =
        bytes_of(gated(5.0, 95.0, 80).out + "/e3_gating_net_val_q5_95_a80.tsv");
    EXPECT_THAT(table, HasSubstr("group\traw_ap50\traw_precision"));
    EXPECT_THAT(table, HasSubstr("\nolig2\t"));
}

}  // namespace
}  // namespace xorch::cellseg
