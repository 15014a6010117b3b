// cellseg.train in worlds of several ranks, as an agent would start them: xorch-runner, by mpirun.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "core/json.h"
#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/data/synthetic.h"
#include "jobs/job_state.h"
#include "tests/jobs/runner/gang_launch.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

namespace fs = std::filesystem;

const std::string runner = XORCH_RUNNER " gang";

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class CellsegGang : public testing::Test {
 protected:
    // A few of each split and group are enough.
    static void SetUpTestSuite() {
        images_ = new TemporaryDirectory;
        ASSERT_TRUE(make_cells(images_->path(), 3));
        const auto files = list_cells(images_->path());
        ASSERT_TRUE(files);
        std::map<std::string, int> seen;
        for (const CellFile& file : *files) {
            if (++seen[file.split + file.group] <= (file.split == "train" ? 3 : 1)) continue;
            fs::remove(file.image);
            fs::remove(file.mask);
        }
    }

    static void TearDownTestSuite() {
        delete images_;
        images_ = nullptr;
    }

    struct Run {
        std::string place;  // folder of its files
        Object params;
        std::string resume = {};
        std::string records = {};  // rows that the checkpoint came with
    };

    RunUnit order(const Run& run) const {
        fs::create_directories(run.place);
        std::ofstream(run.place + "/params.json") << format_json(Value(run.params));
        std::ofstream(run.place + "/records.jsonl") << run.records;
        return {
            .serial = 1,
            .id = "unit",
            .job = "cellseg.train",
            .params = run.place + "/params.json",
            .seed = 7,
            .out = run.place + "/out",
            .publish = run.place + "/checkpoints",
            .resume = run.resume,
            .records = run.place + "/records.jsonl"};
    }

    std::string run_to_its_end(int ranks, const Run& run) {
        WorldLaunch gang(runner, ranks, folder_.path());
        gang.order(order(run));
        const auto returned = gang.returned();
        EXPECT_TRUE(returned) << gang.output();
        if (!returned) return {};
        EXPECT_EQ(returned->outcome, UnitOutcome::done) << returned->message;
        EXPECT_EQ(gang.exit_code(), 0);
        return text_of(run.place + "/records.jsonl");
    }

    // A step per epoch.
    static Object training(int batch, int steps) {
        return {
            {"lr",               2e-3           },
            {"data",             images_->path()},
            {"epochs",           steps          },
            {"images_per_epoch", batch          },
            {"batch",            batch          },
            {"crop",             48             },
            {"width",            8              },
            {"niter",            20             }
        };
    }

    std::string place(const std::string& name) const { return folder_.path() + "/" + name; }

    static TemporaryDirectory* images_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* CellsegGang::images_ = nullptr;

std::vector<double> losses_in(const std::string& place) {
    std::ifstream table(place + "/out/history.tsv");
    std::vector<double> losses;
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line))
        losses.push_back(std::stod(line.substr(line.rfind('\t') + 1)));
    return losses;
}

std::vector<float> weights_in(const std::string& place) {
    const auto tensors = parse_tensors(text_of(place + "/out/model/tensors.safetensors"));
    EXPECT_TRUE(tensors);
    std::vector<float> weights;
    for (const StoredTensor& tensor : *tensors) {
        const std::size_t before = weights.size();
        weights.resize(before + tensor.bytes.size() / sizeof(float));
        std::memcpy(weights.data() + before, tensor.bytes.data(), tensor.bytes.size());
    }
    return weights;
}

// Of the difference, relative to the first.
double distance(const std::vector<float>& first, const std::vector<float>& second) {
    EXPECT_EQ(first.size(), second.size());
    double apart = 0;
    double length = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        apart += std::pow(first[i] - second[i], 2);
        length += std::pow(first[i], 2);
    }
    return std::sqrt(apart / length);
}

TEST_F(CellsegGang, OfFourRanksGoesOnAsTwoAndAsOne) {
    const Object params = training(10, 12);
    const std::string undisturbed = place("undisturbed");
    run_to_its_end(1, {.place = undisturbed, .params = params});
    const std::vector<double> expected = losses_in(undisturbed);
    ASSERT_EQ(expected.size(), 12U);
    const std::string stopped = place("stopped");
    {
        WorldLaunch gang(runner, 4, folder_.path());
        RunUnit unit = order({.place = stopped, .params = params});
        unit.checkpoint_every = Millis(1);
        gang.order(unit);
        for (int step = 0; step < 4; ++step)
            ASSERT_TRUE(gang.is_published()) << gang.output();
        gang.order(StopUnit{1});
        const auto returned = gang.returned();
        ASSERT_TRUE(returned) << gang.output();
        ASSERT_EQ(returned->outcome, UnitOutcome::checkpointed) << returned->message;
    }
    for (const int ranks : {2, 1}) {
        const std::string rest = place(fmt::format("rest{}", ranks));
        const std::string records = run_to_its_end(
            ranks, {.place = rest, .params = params, .resume = stopped + "/checkpoints/step-4"}
        );
        EXPECT_EQ(std::count(records.begin(), records.end(), '\n'), 1);
        const std::vector<double> losses = losses_in(rest);
        ASSERT_EQ(losses.size(), expected.size());
        for (std::size_t step = 0; step < losses.size(); ++step)
            EXPECT_NEAR(losses[step] / expected[step], 1, 1e-4) << step;
        const double apart = distance(weights_in(undisturbed), weights_in(rest));
        fmt::print("4 ranks went on as {}: weights {:.1e} apart\n", ranks, apart);
        EXPECT_LT(apart, 1e-3);
    }
}

}  // namespace
}  // namespace xorch::cellseg
