// cellseg.train in worlds of several ranks, as an agent would start them: xorch-runner, by mpirun.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "core/json.h"
#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/data/synthetic.h"
#include "jobs/declaration.h"
#include "tests/jobs/runner/gang_launch.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {
namespace {

namespace fs = std::filesystem;

using testing::ContainerEq;

const std::string runner = XORCH_RUNNER " gang";

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

const char* const job = "cellseg.train";

std::uint32_t version_of_job() {
    for (const JobDeclaration& each : job_declarations())
        if (each.name == job) return each.version;
    return 0;
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
    };

    RunUnit order(const Run& run) const {
        fs::create_directories(run.place);
        std::ofstream(run.place + "/params.json") << format_json(Value(run.params));
        return {
            .serial = 1,
            .id = "unit",
            .job = job,
            .job_version = version_of_job(),
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

    struct Training {
        int batch = 0;
        int steps = 0;
        int crop = 0;
    };

    // A step per epoch.
    static Object training(const Training& how) {
        return {
            {"lr",               6e-3           },
            {"data",             images_->path()},
            {"epochs",           how.steps      },
            {"images_per_epoch", how.batch      },
            {"batch",            how.batch      },
            {"crop",             how.crop       },
            {"width",            8              },
            {"niter",            50             },
            {"flow_threshold",   0.0            }
        };
    }

    std::string place(const std::string& name) const { return folder_.path() + "/" + name; }

    static TemporaryDirectory* images_;
    TemporaryDirectory folder_;
};

TemporaryDirectory* CellsegGang::images_ = nullptr;

// What a unit leaves, by name.
std::map<std::string, std::string> results_in(const std::string& place) {
    std::map<std::string, std::string> results{
        {"records", text_of(place + "/records.jsonl")}
    };
    for (const char* file : {"history.tsv", "model/state.json", "model/tensors.safetensors"})
        results[file] = text_of(place + "/out/" + file);
    return results;
}

double ap50_in(const std::string& records) {
    const auto record = parse_json(records);
    const Value* ap50 = record ? record->find("overall_ap50") : nullptr;
    return ap50 == nullptr ? 0.0 : *ap50->get_if<double>();
}

TEST_F(CellsegGang, LeavesTheSameForAnyNumberOfRanks) {
    const Object params = training({.batch = 4, .steps = 300, .crop = 40});
    const std::string alone = place("alone");
    const std::string records = run_to_its_end(1, {.place = alone, .params = params});
    EXPECT_GT(ap50_in(records), 0.5) << "the network finds cells";
    for (const int ranks : {2, 4}) {
        const std::string shared = place(fmt::format("ranks{}", ranks));
        run_to_its_end(ranks, {.place = shared, .params = params});
        EXPECT_THAT(results_in(shared), ContainerEq(results_in(alone))) << ranks;
    }
}

TEST_F(CellsegGang, OfFourRanksGoesOnAsTwoAndAsOne) {
    const Object params = training({.batch = 10, .steps = 12, .crop = 48});
    const std::string undisturbed = place("undisturbed");
    run_to_its_end(1, {.place = undisturbed, .params = params});
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
    const std::string checkpoint = stopped + "/checkpoints/step-4";
    for (const int ranks : {2, 1}) {
        const std::string rest = place(fmt::format("rest{}", ranks));
        run_to_its_end(ranks, {.place = rest, .params = params, .resume = checkpoint});
        EXPECT_THAT(results_in(rest), ContainerEq(results_in(undisturbed))) << ranks;
    }
}

}  // namespace
}  // namespace xorch::cellseg
