#include "coordinator/input/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/plan.h"
#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Freeze : public testing::Test {
 protected:
    Freeze() {
        fs::create_directories(folder / "lib/__pycache__");
        fs::create_directories(folder / "data");
        write(folder / "train.py", "print(1)\n");
        write(folder / "lib/net.py", "net\n");
        write(folder / "lib/__pycache__/net.pyc", "derived\n");
        write(folder / "data/x.bin", std::string(3, '\0'));
    }

    FrozenSweep frozen(const std::string& lines) {
        ParseOptions with = options();
        with.directory = folder.path();
        with.missing_paths_allowed = false;
        auto result = freeze(parse(stage(lines), with));
        if (!result) throw std::runtime_error(result.error().message);
        return std::move(*result);
    }

    UnitId first_id(const FrozenSweep& from) {
        const auto plan = Plan::make(from.sweep);
        return plan->id({StageIndex{0}, 0});
    }

    TemporaryDirectory folder;
    const std::string coded =
        "argv = [\"python3\", \"{code}/train.py\"]\ncode = [\"train.py\", \"lib/\"]";
    const std::string with_data = "job = \"noop\"\nparams.data = { path = \"data\" }";
};

TEST_F(Freeze, TheTextReadsBackAsTheSameSweep) {
    const FrozenSweep first = frozen(coded + R"toml(
axes.model = ["cnn", "$(x)\n\"\u001B", "mlp"]
axes."a.b" = { range = [5, -5, -2] }
axes.lr = [1e-5, 2.0, nan, -inf, 3]
axes.width = [3, 4]
axes.file = [{ path = "data" }, { path = "train.py" }]
when.width = { param = "model", is = "cnn" }
zip = [["width", "file"]]
exclude = [{ param = "lr", at_least = 2.5 }, { all = [{ param = "lr", in = [3] }, { param = "model", is_not = "x" }] }]
params = { list = [1, 2.5, "x"], flag = false }
records.from = { stdout = 'a=(?<acc>\d+)' }
records.required = ["acc"]
stop_signal = "INT"
limits.timeout = "90s"
resources.memory = "3M"
[[stage]]
name = "more"
job = "noop"
promote = "best"
needs = ["train"]
[[select]]
name = "best"
from = "train"
order = [{ metric = "acc", mode = "min", tolerance = 0.25 }]
require = [{ metric = "acc", at_most = 1 }]
[[select]]
name = "steady"
from = "train"
repeats = ["model"]
allow_missing = true
rows = "mean_of_last"
last_rows = 3
order = [{ metric = "acc", mode = "max", one_standard_error = true }]
alternatives = [{ name = "loss", order = [{ metric = "loss", mode = "min" }] }]
[[gate]]
name = "eyes"
select = "best"
look_at = "the \"panels\""
[summary]
stage = "train"
by = ["width"]
curve = "width"
[env]
set = { A = "1" }
[local]
time = "1h"
)toml");
    const auto again = parse_frozen(first.text, SweepLayout{});
    ASSERT_TRUE(again) << again.error().message << "\n" << first.text;
    EXPECT_EQ(format_sweep(*again), first.text);
    const auto plan = Plan::make(first.sweep);
    const auto copy = Plan::make(*again);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_TRUE(copy) << copy.error().message;
    ASSERT_GT(plan->unit_count(StageIndex{0}), 10U);
    ASSERT_EQ(plan->unit_count(StageIndex{0}), copy->unit_count(StageIndex{0}));
    for (std::uint32_t i = 0; i < plan->unit_count(StageIndex{0}); ++i) {
        const UnitKey key{StageIndex{0}, i};
        EXPECT_EQ(plan->id(key), copy->id(key));
        EXPECT_EQ(plan->parameters(key), copy->parameters(key));
    }
}

TEST_F(Freeze, ManyIntegersTakeOneLine) {
    const FrozenSweep result = frozen("job = \"noop\"\naxes.i = { range = [0, 100000] }");
    EXPECT_LT(result.text.size(), 4096U);
    const auto again = parse_frozen(result.text, SweepLayout{});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->stages[0].axes[0].values.size(), 100'000U);
}

TEST_F(Freeze, TheIdentityFollowsTheContentsOfPathsAndNotTheirPlace) {
    const FrozenSweep first = frozen(with_data);
    fs::rename(folder / "data", folder / "moved");
    const FrozenSweep moved = frozen("job = \"noop\"\nparams.data = { path = \"moved\" }");
    EXPECT_EQ(first_id(first), first_id(moved));
    write(folder / "moved/x.bin", "xyz");
    EXPECT_NE(
        first_id(first), first_id(frozen("job = \"noop\"\nparams.data = { path = \"moved\" }"))
    );
}

TEST_F(Freeze, TheIdentityFollowsTheCode) {
    const UnitId before = first_id(frozen(coded));
    write(folder / "lib/__pycache__/other.pyc", "x");
    EXPECT_EQ(first_id(frozen(coded)), before);
    write(folder / "lib/net.py", "net 2\n");
    EXPECT_NE(first_id(frozen(coded)), before);
}

TEST_F(Freeze, CopiesTheDeclaredCode) {
    fs::permissions(folder / "train.py", fs::perms::owner_all);
    const FrozenSweep result = frozen(coded);
    const TemporaryDirectory root;
    const auto copied = copy_code(result, root.path());
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(read(root / "code/train/train.py"), "print(1)\n");
    EXPECT_EQ(read(root / "code/train/lib/net.py"), "net\n");
    EXPECT_FALSE(fs::exists(root / "code/train/lib/__pycache__"));
    EXPECT_EQ(fs::status(root / "code/train/train.py").permissions(), fs::perms::owner_all);
}

TEST_F(Freeze, CodeOutsideTheFolderIsCopiedUnderItsLastName) {
    const TemporaryDirectory elsewhere;
    write(elsewhere / "xorch.py", "x");
    const std::string up = fs::path(elsewhere / "xorch.py").lexically_relative(folder.path());
    const FrozenSweep result = frozen("argv = [\"a\"]\ncode = [\"" + up + "\", \"lib\"]");
    ASSERT_EQ(result.code.size(), 1U);
    ASSERT_EQ(result.code[0].files.size(), 2U);
    EXPECT_EQ(result.code[0].files[0].to, "lib/net.py");
    EXPECT_EQ(result.code[0].files[1].to, "xorch.py");
}

TEST_F(Freeze, RefusesCodeThatChangesWhileItIsCopied) {
    const FrozenSweep result = frozen(coded);
    write(folder / "train.py", "print(2)\n");
    const TemporaryDirectory root;
    const auto copied = copy_code(result, root.path());
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, ErrorCode::conflict);
    EXPECT_THAT(copied.error().message, HasSubstr("submit again"));
}

TEST_F(Freeze, RefusesCodeThatLeadsOutside) {
    fs::create_symlink("/etc/passwd", folder / "lib/passwd");
    ParseOptions with = options();
    with.directory = folder.path();
    const auto result = freeze(parse(stage(coded), with));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("leads outside"));
}

TEST_F(Freeze, WarnsOfAFileThatArgvNamesItself) {
    EXPECT_THAT(frozen(coded).warnings, IsEmpty());
    EXPECT_THAT(
        frozen("argv = [\"/bin/sh\", \"train.py\", \"--net=lib/net.py\"]").warnings,
        ElementsAre(HasSubstr("add code = [\"train.py\"]"), HasSubstr("lib/net.py"))
    );
    EXPECT_THAT(
        frozen("argv = [\"python3\", \"train.py\"]\ncode = [\"train.py\"]").warnings,
        ElementsAre(HasSubstr("write \"{code}/train.py\""))
    );
}

TEST_F(Freeze, RefusesAFolderWhoseNameIsNotUtf8) {
    Sweep sweep = parse(stage("job = \"noop\""));
    sweep.directory = "/\xFF";
    const auto result = freeze(sweep);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("not UTF-8"));
}

TEST(FrozenText, ThatIsNotWhatWasWrittenNamesItsFileAndTheCopyOfTheProgram) {
    const auto read = parse_frozen("[sweep]\nname = \"s\"\nnew = 1\n", SweepLayout{"/runs/s"});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::corrupted);
    EXPECT_THAT(read.error().message, HasSubstr("/runs/s/sweep.toml:3:1: unknown key \"new\""));
    EXPECT_THAT(read.error().message, HasSubstr("run `/runs/s/xorch resume /runs/s`"));
}

TEST(StagePlace, IsThatOfTheStageWhichTheErrorNamesFirst) {
    const TemporaryDirectory folder;
    const std::string path = folder / "a.toml";
    write(path, stage("") + "[[stage]]\nname = \"two\"\n");
    const auto placed = [&](const std::string& message) {
        return name_stage_place(Error{ErrorCode::invalid_input, message}, path).message;
    };
    const std::string message = "stage \"two\": nothing fits stage \"train\"";
    EXPECT_EQ(placed(message), path + ":6:1: " + message);
    EXPECT_EQ(placed("another error"), path + ": another error");
}

TEST_F(Freeze, TheHashOfTheSweepIsThatOfItsText) {
    const FrozenSweep first = frozen(coded);
    EXPECT_EQ(first.hash, frozen(coded).hash);
    EXPECT_NE(first.hash, frozen(coded + "\ncanary = false").hash);
    EXPECT_EQ(first.hash.size(), 32U);
}

}  // namespace
}  // namespace xorch
