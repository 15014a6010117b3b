// What `xorch best --export` writes is a sweep file again, of the choice and what it needs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/input/freeze.h"
#include "core/plan.h"
#include "tests/coordinator/input/sweep_text.h"
#include "tests/support/temporary_directory.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ExportedChoice : public testing::Test {
 protected:
    ExportedChoice() {
        std::filesystem::create_directories(folder / "data");
        write(folder / "data/x.bin", "x");
    }

    Plan plan_of(const std::string& text) {
        ParseOptions with = options();
        with.directory = folder.path();
        const auto parsed = parse_sweep(text, with);
        if (!parsed) throw std::runtime_error(parsed.error().message + "\n" + text);
        const auto frozen = freeze(*parsed);
        if (!frozen) throw std::runtime_error(frozen.error().message);
        auto plan = Plan::make(frozen->sweep);
        if (!plan) throw std::runtime_error(plan.error().message);
        return *std::move(plan);
    }

    Plan exported(const Plan& plan, const std::string& stage, const std::vector<UnitKey>& units) {
        Select select;
        select.name = "best";
        select.from = stage;
        const auto text = format_choice(plan, select, units);
        if (!text) throw std::runtime_error(text.error().message);
        EXPECT_THAT(*text, Not(HasSubstr("promote")));
        return plan_of(*text);
    }

    static std::vector<UnitId> ids(const Plan& plan, std::uint32_t stage) {
        std::vector<UnitId> all;
        for (std::uint32_t i = 0; i < plan.unit_count(StageIndex{stage}); ++i)
            all.push_back(plan.id({StageIndex{stage}, i}));
        return all;
    }

    static UnitKey unit(std::uint32_t stage, std::uint32_t index) {
        return {StageIndex{stage}, index};
    }

    TemporaryDirectory folder;
};

TEST_F(ExportedChoice, IsASweepOfOneUnitPerRepeat) {
    const Plan plan = plan_of(
        "[sweep]\nname = \"s\"\n[[stage]]\nname = \"t\"\nargv = [\"run\", \"{lr}\", \"{data}\", "
        "\"{seed}\"]\naxes.lr = [0.1, 0.01]\naxes.seed = { range = [0, 3] }\n"
        "params.data = { path = \"data\" }\n"
    );
    const Plan alone = exported(plan, "t", {unit(0, 3), unit(0, 4), unit(0, 5)});
    EXPECT_THAT(
        ids(alone, 0), ElementsAre(plan.id(unit(0, 3)), plan.id(unit(0, 4)), plan.id(unit(0, 5)))
    );
    EXPECT_THAT(alone.axis_names(StageIndex{0}), ElementsAre("lr", "seed"));
}

constexpr const char* chain =
    "[sweep]\nname = \"s\"\n"
    "[[stage]]\nname = \"data\"\nargv = [\"data\", \"{kind}\"]\naxes.kind = [\"a\", \"b\"]\n"
    "[[stage]]\nname = \"infer\"\nneeds = [\"data\"]\nargv = [\"infer\", \"{lr}\", \"{seed}\"]\n"
    "axes.lr = [0.1, 0.2]\naxes.seed = { range = [0, 3] }\naxes.kind = [\"a\", \"b\"]\n"
    "exclude = [{ all = [{ param = \"lr\", is = 0.2 }, { param = \"seed\", is = 1 }] }]\n"
    "[[stage]]\nname = \"score\"\nneeds = [\"infer\"]\nargv = [\"score\", \"{lr}\", \"{k}\"]\n"
    "axes.lr = [0.1, 0.2]\naxes.k = [1, 2]\n";

TEST_F(ExportedChoice, BringsAlongWhatItNeedsAndNothingElse) {
    const Plan plan = plan_of(chain);
    // score/3 is lr = 0.2, k = 2; without seed 1, infer has four units for it, which need both
    // kinds.
    const Plan alone = exported(plan, "score", {unit(2, 3)});
    ASSERT_EQ(alone.stage_count(), 3U);
    EXPECT_EQ(ids(alone, 0), ids(plan, 0));
    EXPECT_THAT(
        ids(alone, 1),
        ElementsAre(
            plan.id(unit(1, 6)), plan.id(unit(1, 7)), plan.id(unit(1, 8)), plan.id(unit(1, 9))
        )
    );
    EXPECT_THAT(ids(alone, 2), ElementsAre(plan.id(unit(2, 3))));
}

TEST_F(ExportedChoice, KeepsRepeatsThatItsStageInherited) {
    Plan plan = plan_of(
        "[sweep]\nname = \"s\"\n"
        "[[stage]]\nname = \"small\"\nargv = [\"run\", \"{lr}\", \"{seed}\"]\n"
        "axes.lr = [0.1, 0.2]\naxes.seed = { range = [0, 3] }\nparams = { width = 4 }\n"
        "[[select]]\nname = \"best\"\nfrom = \"small\"\ntake = 3\n"
        "order = [{ metric = \"loss\", mode = \"min\" }]\n"
        "[[stage]]\nname = \"full\"\npromote = \"best\"\nargv = [\"full\", \"{lr}\", \"{seed}\"]\n"
        "axes.epochs = [10, 20]\n"
    );
    const std::vector<UnitKey> promoted{unit(0, 5), unit(0, 3), unit(0, 1)};
    ASSERT_TRUE(plan.promote(0, promoted));
    // Of lr = 0.2 with 20 epochs: seeds 2 and 0, in the order in which they were promoted.
    const Plan alone = exported(plan, "full", {unit(1, 1), unit(1, 3)});
    EXPECT_THAT(ids(alone, 0), ElementsAre(plan.id(unit(1, 1)), plan.id(unit(1, 3))));
    EXPECT_EQ(*find_member(alone.parameters(unit(0, 0)), "width"), Value(4));
    const std::vector<std::string> axes = alone.axis_names(StageIndex{0});
    EXPECT_THAT(axes, testing::Contains("seed"));
}

TEST_F(ExportedChoice, SaysWhichUnitsWhereTheyAreNoProduct) {
    const Plan plan = plan_of(
        "[sweep]\nname = \"s\"\n[[stage]]\nname = \"t\"\nargv = [\"run\", \"{seed}\", \"{fold}\"]\n"
        "axes.seed = { range = [0, 3] }\naxes.fold = { range = [0, 2] }\n"
    );
    const Plan alone = exported(plan, "t", {unit(0, 0), unit(0, 3), unit(0, 4)});
    EXPECT_THAT(
        ids(alone, 0), ElementsAre(plan.id(unit(0, 0)), plan.id(unit(0, 3)), plan.id(unit(0, 4)))
    );
}

TEST_F(ExportedChoice, NamesEachCheckOfItsJobOnce) {
    const Plan plan = plan_of(
        "[sweep]\nname = \"s\"\n[[stage]]\nname = \"t\"\njob = \"cellseg.train\"\naxes.seed = [1, "
        "2]\n"
        "checks = [\"LEAKAGE\"]\n"
    );
    const Plan alone = exported(plan, "t", {unit(0, 1)});
    EXPECT_EQ(alone.stage(StageIndex{0}).checks, plan.stage(StageIndex{0}).checks);
}

}  // namespace
}  // namespace xorch
