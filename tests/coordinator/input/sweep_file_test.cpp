#include "coordinator/input/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/json.h"
#include "core/plan.h"
#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view everything = R"toml(
[sweep]
name = "budget_curve"
seed = 42
[[stage]]
name = "small"
argv = ["python3", "{code}/train.py", "--lr", "{lr}", "{out}", "{seed}"]
argv_resume = ["python3", "{resume}"]
code = ["train.py"]
args = "--{key}={value}"
axes.lr = { values = [0.1, 0.2] }
axes.repeat = { range = [0, 3] }
params = { epochs = 20, flag = true, text = "x" }
resources = { cpus = 2, memory = "1G", gpus = 1, ranks = 4, ranks_per_node = 2, time = "10m" }
limits = { retries = 5, checkpoint_every = "30s", timeout = "12h", grace = "500ms", output = "1M" }
records.required = ["acc"]
records.from = { stdout = "acc=(?<acc>.*)" }
checkpoints = { from = "ckpt/*.pt", after = "last" }
stop_signal = "USR1"
exit_checkpointed = 76
canary = false
slurm_env = "keep"
[[stage]]
name = "big"
job = "noop"
promote = "best"
threads = 3
resources = { cpus = 3 }
[[select]]
name = "best"
from = "small"
order = [ { metric = "acc", mode = "max" }, { metric = "loss", mode = "min", tolerance = 0.1 } ]
require = [ { param = "flag", is = true }, { metric = "acc", at_least = 0.5 } ]
take = 2
[summary]
stage = "small"
by = ["lr"]
metrics = ["acc"]
[env]
set = { A = "1", B = "2" }
pass = ["HOME"]
[local]
slots = 3
time = "60s"
[notify]
command = ["true"]
[net]
interface = "lo"
[tuning]
heartbeat_every = "100ms"
)toml";

TEST(SweepFile, FillsEveryPartOfASweep) {
    const Sweep sweep = parse(everything);
    EXPECT_EQ(sweep.name, "budget_curve");
    EXPECT_EQ(sweep.seed, 42);
    ASSERT_EQ(sweep.stages.size(), 2U);
    const Stage& small = sweep.stages[0];
    EXPECT_EQ(small.job, "command");
    EXPECT_EQ(small.argv.size(), 6U);
    EXPECT_EQ(small.args.style, "--{key}={value}");
    ASSERT_EQ(small.axes.size(), 2U);
    EXPECT_THAT(small.axes[1].values, ElementsAre(Value(0), Value(1), Value(2)));
    EXPECT_EQ(format_json(Value(small.params)), R"({"epochs":20,"flag":true,"text":"x"})");
    const Resources resources{2, 1, Bytes{1U << 30U}, 4, 2, Millis{600'000}};
    EXPECT_EQ(small.resources, resources);
    EXPECT_EQ(small.limits.retries, 5U);
    EXPECT_EQ(small.limits.timeout, Millis{43'200'000});
    EXPECT_EQ(small.limits.grace, Millis{500});
    EXPECT_EQ(small.limits.output, Bytes{1U << 20U});
    EXPECT_EQ(small.records.from.stdout_pattern, "acc=(?<acc>.*)");
    EXPECT_EQ(small.checkpoints.after, KeepCheckpoints::last);
    EXPECT_EQ(small.stop_signal, "USR1");
    EXPECT_EQ(small.exit_checkpointed, 76);
    EXPECT_FALSE(small.canary);
    EXPECT_TRUE(small.keep_slurm_env);
    EXPECT_EQ(sweep.stages[1].threads, 3U);
    EXPECT_EQ(sweep.stages[1].promote, "best");
    const Select& best = sweep.selects.at(0);
    ASSERT_EQ(best.order.size(), 2U);
    EXPECT_FALSE(best.order[0].minimise);
    EXPECT_TRUE(best.order[1].minimise);
    EXPECT_EQ(best.order[1].tolerance, 0.1);
    ASSERT_EQ(best.require.size(), 2U);
    EXPECT_EQ(best.require[0].is, Value(true));
    EXPECT_EQ(best.require[1].at_least, 0.5);
    EXPECT_EQ(best.take, 2U);
    EXPECT_THAT(sweep.summary.by, ElementsAre("lr"));
    EXPECT_EQ(sweep.env.set.size(), 2U);
    EXPECT_EQ(sweep.local.slots, 3U);
    EXPECT_EQ(sweep.local.time, Millis{60'000});
    EXPECT_THAT(sweep.notify.command, ElementsAre("true"));
    EXPECT_EQ(sweep.interface, "lo");
    EXPECT_EQ(sweep.tuning.heartbeat_every, Millis{100});
    EXPECT_EQ(sweep.directory, "/");
}

TEST(SweepFile, KeepsAxesInTheOrderOfTheFile) {
    const Sweep sweep = parse(noop("axes.z = [1, 2]\naxes.a = [3]"));
    ASSERT_EQ(sweep.stages[0].axes.size(), 2U);
    EXPECT_EQ(sweep.stages[0].axes[0].name, "z");
    EXPECT_EQ(sweep.stages[0].axes[1].name, "a");
}

TEST(SweepFile, NestedTablesMakeNamesWithDots) {
    const Sweep sweep =
        parse(noop("axes.optimizer.lr = { values = [1.0] }\naxes.optimizer.\"beta.1\" = [2]\n"
                   "params.model.depth = 3"));
    EXPECT_EQ(sweep.stages[0].axes[0].name, "optimizer.lr");
    EXPECT_EQ(sweep.stages[0].axes[1].name, "optimizer.beta.1");
    EXPECT_EQ(sweep.stages[0].params[0].first, "model.depth");
}

TEST(SweepFile, ReadsConditionsOfWhenAndExclude) {
    const Sweep sweep = parse(noop(R"(
axes.model = ["cnn", "mlp"]
axes.width = [3, 5]
when.width = { param = "model", is = "cnn" }
zip = []
exclude = [
    { param = "width", is = 5 },
    { all = [ { param = "model", is = "mlp" }, { param = "model", is_not = "x" } ] },
]
)"));
    ASSERT_EQ(sweep.stages[0].exclude.size(), 2U);
    EXPECT_EQ(sweep.stages[0].exclude[1].size(), 2U);
    const auto plan = Plan::make(sweep);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->unit_count(StageIndex{0}), 1U);
}

TEST(SweepFile, AcceptsPlaceholdersOfInputsAndOfPromotedParameters) {
    const std::string text =
        noop("axes.lr = [1]") +
        "[[select]]\nname = \"best\"\nfrom = \"train\"\norder = [{ metric = \"m\", mode = \"max\" "
        "}]\n"
        "[[stage]]\nname = \"eval\"\npromote = \"best\"\nneeds = [\"train\"]\n"
        "argv = [\"a\", \"{lr}\", \"{inputs.train.dir}\"]\n";
    EXPECT_EQ(refusal(text), "accepted");
    EXPECT_THAT(
        refusal(stage("argv = [\"a\", \"{inputs.train.dir}\"]")), HasSubstr("unknown placeh")
    );
}

TEST(SweepFile, OverridesReplaceWhatTheFileSays) {
    ParseOptions with = options();
    with.overrides = {
        "local.time=60s",
        "sweep.seed=7",
        "stage.train.limits.retries=1",
        "stage.train.params.optimizer.lr=1e-3",
        "stage.train.params.text=a b",
        "stage.train.axes.x=[3, 4]",
    };
    const Sweep sweep = parse(
        noop("axes.x = { range = [0, 9] }\nparams = { \"optimizer.lr\" = 0.5, text = \"\" }"), with
    );
    EXPECT_EQ(sweep.local.time, Millis{60'000});
    EXPECT_EQ(sweep.seed, 7);
    EXPECT_EQ(sweep.stages[0].limits.retries, 1U);
    EXPECT_EQ(format_json(Value(sweep.stages[0].params)), R"({"optimizer.lr":0.001,"text":"a b"})");
    EXPECT_EQ(sweep.stages[0].axes[0].values.size(), 2U);
}

TEST(SweepFile, ASiteFileAppliesWhereTheSweepSaysNothing) {
    const TemporaryDirectory folder;
    write(
        folder / "site.toml", "[local]\nslots = 4\ntime = \"1h\"\n[tuning]\nlost_after = \"1s\"\n"
    );
    ParseOptions with = options();
    with.directory = folder.path();
    const Sweep sweep =
        parse("include = \"site.toml\"\n" + noop("") + "[local]\nslots = 2\n", with);
    EXPECT_EQ(sweep.local.slots, 2U);
    EXPECT_EQ(sweep.local.time, Millis{3'600'000});
    EXPECT_EQ(sweep.tuning.lost_after, Millis{1'000});
}

TEST(SweepFile, PathsBecomeAbsoluteAndMustExist) {
    const TemporaryDirectory folder;
    std::filesystem::create_directory(folder / "data");
    write(folder / "data/a", "x");
    ParseOptions with = options();
    with.directory = folder.path();
    with.missing_paths_allowed = false;
    with.environment = [&](const std::string& name) {
        return name == "DATA" ? std::optional(folder.path() + "/data") : std::nullopt;
    };
    const Sweep sweep =
        parse(noop("params.d = { path = \"./data/\" }\naxes.f = [{ path = \"$DATA/a\" }]"), with);
    EXPECT_EQ(sweep.stages[0].params[0].second, Value(folder.path() + "/data"));
    EXPECT_EQ(sweep.stages[0].axes[0].values[0], Value(folder.path() + "/data/a"));
    EXPECT_TRUE(sweep.stages[0].path_hashes.contains("d"));
    EXPECT_THAT(
        refusal(noop("params.d = { path = \"dat\" }"), with),
        HasSubstr("a.toml:6:21: parameter \"d\": \"" + folder.path() + "/dat\" does not exist")
    );
    EXPECT_THAT(
        refusal(noop("params.d = { path = \"$NOWHERE/x\" }"), with),
        HasSubstr("variable NOWHERE is not set; set it (export NOWHERE=DIR)")
    );
    EXPECT_THAT(
        refusal(command("code = [\"train.py\"]"), with), HasSubstr("train.py\" does not exist")
    );
}

// Run with XORCH_REWRITE_GOLDEN=1 after a change of the schema.
TEST(SweepFile, TheReferenceInTheDocumentationIsTheSchemas) {
    const std::string file = XORCH_SOURCE_DIR "/docs/sweep-file.md";
    if (std::getenv("XORCH_REWRITE_GOLDEN") != nullptr) write(file, sweep_file_reference());
    std::ifstream stream(file);
    const std::string written{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_TRUE(written == sweep_file_reference())
        << "docs/sweep-file.md is old; write it anew: XORCH_REWRITE_GOLDEN=1 input_test";
}

TEST(SweepFile, EveryConfigurationOfTheRepositoryLoads) {
    // By name, so that a new one is not forgotten: beats_budget.toml, budget_curve.toml,
    // budget_curve_nuclei.toml.
    std::size_t loaded = 0;
    for (const char* folder : {"/configs", "/tests/scripts", "/tests/scripts/mistakes"}) {
        for (const auto& entry :
             std::filesystem::directory_iterator(std::string(XORCH_SOURCE_DIR) + folder)) {
            if (entry.path().extension() != ".toml") continue;
            ParseOptions with = options();
            // The images of one are made by whoever wants them, those of the other are a package's.
            const std::string file = entry.path().filename().string();
            with.missing_paths_allowed = std::getenv("XORCH_DATA") == nullptr ||
                                         file == "budget_curve.toml" ||
                                         file == "anomaly_surfaces.toml";
            with.environment = [](const std::string& name) {
                const char* value = std::getenv(name.c_str());
                return value == nullptr ? std::nullopt : std::optional<std::string>(value);
            };
            const auto sweep = read_sweep_file(entry.path().string(), with);
            ASSERT_TRUE(sweep) << sweep.error().message;
            const auto plan = Plan::make(*sweep);
            EXPECT_TRUE(plan) << entry.path() << ": " << plan.error().message;
            ++loaded;
        }
    }
    EXPECT_GE(loaded, 1U);
}

// Bytes of a whole sweep file removed, doubled, swapped and replaced. Every result is accepted or
// refused with a place; nothing aborts, hangs or escapes.

}  // namespace
}  // namespace xorch
