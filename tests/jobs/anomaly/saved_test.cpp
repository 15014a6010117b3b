// Maps out of what the published program saved.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "jobs/anomaly/score/task_maps.h"
#include "jobs/files/png_file.h"
#include "tests/jobs/anomaly/simple_maps.h"
#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::anomaly {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr int resolution = 20;

Value rows_of(const Plane& map) {
    Array rows;
    for (int y = 0; y < map.height; ++y) {
        Array row;
        for (int x = 0; x < map.width; ++x) {
            row.emplace_back(static_cast<double>(map.at(y, x)));
        }
        rows.emplace_back(std::move(row));
    }
    return rows;
}

// The class of simple_maps() as its images and masks, and the scores as they are saved.
class AnomalySaved : public testing::Test {
 protected:
    AnomalySaved() {
        for (std::size_t i = 0; i < maps_.images.size(); ++i) {
            write_image(maps_.images[i], "00" + std::to_string(i));
        }
        // In the order of their names: abnormal ones are of the folder "bent", before "good".
        std::stable_sort(
            maps_.images.begin(),
            maps_.images.end(),
            [](const ImageScores& left, const ImageScores& right) {
                return left.abnormal && !right.abnormal;
            }
        );
        for (const ImageScores& image : maps_.images) {
            semantic_.push_back(rows_of(image.semantic_map));
            memory_.emplace_back(Array{rows_of(image.memory_map)});  // with a channel around it
            whole_.emplace_back(static_cast<double>(image.semantic));
        }
    }

    void write_image(const ImageScores& image, const std::string& name) const {
        const std::string folder = data_ / "mvtec/bottle/";
        const std::string kind = image.abnormal ? "bent/" : "good/";
        write(folder + "train/good/000.png", Picture(4, 4));
        write(folder + "test/" + kind + name + ".png", Picture(4, 4));
        if (!image.abnormal) return;
        Picture mask(resolution, resolution);
        for (std::size_t i = 0; i < mask.values.size(); ++i) {
            if (image.mask.values[i] != 0) mask.values[i] = {255, 255, 255};
        }
        write(folder + "ground_truth/bent/" + name + "_mask.png", mask);
    }

    static void write(const std::string& path, const Picture& picture) {
        fs::create_directories(fs::path(path).parent_path());
        ASSERT_TRUE(write_png(path, picture));
    }

    void save(const std::string& task, const std::string& mode, const Object& metadata) const {
        const std::string folder = tree_ / ("mvtec/k_1/metadata/" + task);
        fs::create_directories(folder);
        std::ofstream(folder + "/bottle_seed111_" + mode + ".json") << format_json(Value(metadata));
    }

    // Each branch in a file of its own mode.
    void save_all() const {
        save(
            "seg",
            "semantic",
            {
                {"semantic_scores", Value(semantic_)}
        }
        );
        save(
            "seg",
            "memory",
            {
                {"memory_scores", Value(memory_)}
        }
        );
        save(
            "cls",
            "max",
            {
                {"semantic_scores", Value(whole_)}
        }
        );
    }

    UnitRun run(const std::string& name) const {
        return run_alone(
            "anomaly.saved",
            {
                {"tree",       tree_.path()},
                {"data",       data_.path()},
                {"dataset",    "mvtec"     },
                {"class_name", "bottle"    },
                {"seed",       111         },
                {"resolution", resolution  }
        },
            out_ / name
        );
    }

    TaskMaps maps_ = simple_maps(1, {.resolution = resolution});
    Array semantic_;
    Array memory_;
    Array whole_;
    TemporaryDirectory data_;
    TemporaryDirectory tree_;
    TemporaryDirectory out_;
};

TEST_F(AnomalySaved, ScoresBecomeTheMapsThatAnInferenceWouldHaveLeft) {
    save_all();
    const UnitRun saved = run("saved");
    ASSERT_EQ(saved.error, "");
    ASSERT_TRUE(write_maps(out_ / "maps", maps_));
    for (const char* job : {"anomaly.cls", "anomaly.seg"}) {
        const UnitRun expected = run_alone(
            job,
            {
                {"class_name", "bottle"     },
                {"maps",       out_ / "maps"}
        },
            out_ / (job + std::string("1"))
        );
        const UnitRun found = run_alone(
            job,
            {
                {"class_name", "bottle"}
        },
            out_ / job,
            {.inputs = Inputs().add("infer", {}, saved).json()}
        );
        ASSERT_EQ(found.error, "");
        ASSERT_EQ(expected.error, "");
        for (const auto& [name, value] : expected.records[0]) {
            if (name == "metadata_path" || name == "branch_source") continue;
            EXPECT_EQ(*find_member(found.records[0], name), value) << job << " " << name;
        }
        EXPECT_EQ(*find_member(found.records[0], "branch_source"), Value("backfilled"));
        EXPECT_EQ(*find_member(expected.records[0], "branch_source"), Value("computed"));
    }
}

TEST_F(AnomalySaved, ScoresWithoutOneOfTheBranchesAreNamed) {
    save_all();
    const std::string folder = tree_ / "mvtec/k_1/metadata/";
    fs::remove(folder + "seg/bottle_seed111_memory.json");
    EXPECT_THAT(run("memory").error, HasSubstr("no file of bottle has memory_scores"));
    save(
        "seg",
        "max",
        {
            {"memory_scores", Value(memory_)}
    }
    );
    EXPECT_EQ(run("max").error, "");
    fs::remove(folder + "cls/bottle_seed111_max.json");
    EXPECT_THAT(run("cls").error, HasSubstr("metadata/cls: no file of bottle"));
}

TEST_F(AnomalySaved, ScoresOfAnotherShapeAreRefused) {
    save_all();
    const auto error_with = [&](Array memory) {
        save(
            "seg",
            "memory",
            {
                {"memory_scores", Value(std::move(memory))}
        }
        );
        return run("other").error;
    };
    Array fewer = memory_;
    fewer.pop_back();
    EXPECT_THAT(error_with(fewer), HasSubstr("scores of 5 images, 6 are there"));
    Array enlarged = memory_;
    enlarged[2] = rows_of(Plane(resolution, resolution));
    EXPECT_THAT(error_with(enlarged), HasSubstr("SHAPE_MISMATCH: a map of 20 x 20"));
    enlarged[2] = Array{
        Array{0.5, 0.5}
    };
    EXPECT_THAT(error_with(enlarged), HasSubstr("memory.json: a map that is no square"));
    enlarged[2] = 0.5;
    EXPECT_THAT(error_with(enlarged), HasSubstr("scores without a map"));
    enlarged[2] = Array{
        Array{0.5, "high"},
        Array{0.5, 0.5   }
    };
    EXPECT_THAT(error_with(enlarged), HasSubstr("no number"));
    std::ofstream(tree_ / "mvtec/k_1/metadata/seg/bottle_seed111_memory.json") << "{\"memory";
    EXPECT_THAT(run("torn").error, HasSubstr("memory.json: "));
}

}  // namespace
}  // namespace xorch::anomaly
