#include "core/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/hash.h"
#include "core/json.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Axis axis(std::string name, std::vector<Value> values) {
    return {.name = std::move(name), .values = std::move(values), .when = {}};
}

Stage stage(std::string name, std::vector<Axis> axes) {
    Stage result;
    result.name = std::move(name);
    result.job = "noop";
    result.axes = std::move(axes);
    return result;
}

Sweep sweep(std::vector<Stage> stages) {
    Sweep result;
    result.name = "test";
    result.seed = 7;
    result.stages = std::move(stages);
    return result;
}

Condition param_is(std::string param, Value value) {
    Condition condition;
    condition.param = std::move(param);
    condition.is = std::move(value);
    return condition;
}

Plan make(Sweep from) {
    auto plan = Plan::make(std::move(from));
    if (!plan) throw std::runtime_error(plan.error().message);
    return std::move(*plan);
}

std::string refusal(Sweep from) {
    const auto plan = Plan::make(std::move(from));
    return plan ? "accepted" : plan.error().message;
}

UnitKey key(std::uint32_t stage_index, std::uint32_t index) {
    return {StageIndex{stage_index}, index};
}

std::vector<std::string> points(const Plan& plan, std::uint32_t stage_index) {
    std::vector<std::string> texts;
    for (std::uint32_t i = 0; i < plan.unit_count(StageIndex{stage_index}); ++i)
        texts.push_back(format_json(Value(plan.axes(key(stage_index, i)))));
    return texts;
}

TEST(Plan, ExpandsTheProductWithTheFirstAxisSlowest) {
    const Plan plan = make(sweep({stage("a", {axis("x", {1, 2}), axis("y", {"u", "v"})})}));
    EXPECT_THAT(
        points(plan, 0),
        ElementsAre(
            R"({"x":1,"y":"u"})", R"({"x":1,"y":"v"})", R"({"x":2,"y":"u"})", R"({"x":2,"y":"v"})"
        )
    );
}

TEST(Plan, AStageWithoutAxesHasOneUnit) {
    Stage only = stage("a", {});
    only.params = {
        {"epochs", 3}
    };
    const Plan plan = make(sweep({only}));
    ASSERT_EQ(plan.unit_count(StageIndex{0}), 1U);
    EXPECT_EQ(format_json(Value(plan.parameters(key(0, 0)))), R"({"epochs":3})");
}

TEST(Plan, ZippedAxesAdvanceTogether) {
    Stage zipped = stage("a", {axis("x", {1, 2}), axis("r", {0, 1}), axis("y", {10, 20})});
    zipped.zip = {
        {"x", "y"}
    };
    EXPECT_THAT(
        points(make(sweep({zipped})), 0),
        ElementsAre(
            R"({"x":1,"r":0,"y":10})",
            R"({"x":1,"r":1,"y":10})",
            R"({"x":2,"r":0,"y":20})",
            R"({"x":2,"r":1,"y":20})"
        )
    );
}

TEST(Plan, RefusesZippedAxesOfDifferentLength) {
    Stage zipped = stage("a", {axis("x", {1, 2}), axis("y", {10})});
    zipped.zip = {
        {"x", "y"}
    };
    EXPECT_THAT(refusal(sweep({zipped})), HasSubstr("\"x\" has 2 values, \"y\" has 1"));
}

TEST(Plan, AConditionalAxisContributesNoParameterWhereItDoesNotExist) {
    Stage conditional = stage("a", {axis("model", {"cnn", "mlp"}), axis("width", {3, 5})});
    conditional.axes[1].when = {param_is("model", "cnn")};
    EXPECT_THAT(
        points(make(sweep({conditional})), 0),
        ElementsAre(
            R"({"model":"cnn","width":3})", R"({"model":"cnn","width":5})", R"({"model":"mlp"})"
        )
    );
}

TEST(Plan, RefusesAConditionOnALaterAxis) {
    Stage conditional = stage("a", {axis("width", {3, 5}), axis("model", {"cnn", "mlp"})});
    conditional.axes[0].when = {param_is("model", "cnn")};
    EXPECT_THAT(refusal(sweep({conditional})), HasSubstr("no earlier axis"));
}

TEST(Plan, LeavesOutAPointForWhichAllConditionsOfAnEntryHold) {
    Stage some = stage("a", {axis("x", {1, 2}), axis("y", {1, 2})});
    some.exclude = {
        {param_is("x", 1), param_is("y", 2)}
    };
    EXPECT_THAT(
        points(make(sweep({some})), 0),
        ElementsAre(R"({"x":1,"y":1})", R"({"x":2,"y":1})", R"({"x":2,"y":2})")
    );
}

TEST(Plan, RefusesAStageWhoseConditionsExcludeEveryPoint) {
    Stage none = stage("a", {axis("x", {1})});
    none.exclude = {{param_is("x", 1)}};
    EXPECT_THAT(refusal(sweep({none})), HasSubstr("exclude every point"));
}

TEST(Plan, RefusesEqualUnitsOfOneStageAndNamesBoth) {
    const std::string message = refusal(sweep({stage("a", {axis("x", {1, 2, 1})})}));
    EXPECT_THAT(message, HasSubstr("number 0 {\"x\":1} and number 2 {\"x\":1}"));
}

TEST(Plan, PathsWithEqualContentsAreEqualUnits) {
    Stage paths = stage("a", {axis("data", {"/a", "/b"})});
    paths.path_hashes["data"] = {
        {"/a", "00ff"},
        {"/b", "00ff"}
    };
    EXPECT_THAT(refusal(sweep({paths})), HasSubstr("two units are the same"));
    paths.path_hashes["data"]["/b"] = "00fe";
    EXPECT_EQ(refusal(sweep({paths})), "accepted");
}

TEST(Plan, AWholeFloatIsNotTheInteger) {
    const Plan plan = make(sweep({stage("a", {axis("x", {1, 1.0})})}));
    EXPECT_NE(plan.id(key(0, 0)), plan.id(key(0, 1)));
}

TEST(Plan, RefusesANameThatIsAxisAndParameter) {
    Stage both = stage("a", {axis("x", {1})});
    both.params = {
        {"x", 2}
    };
    EXPECT_THAT(refusal(sweep({both})), HasSubstr("both an axis and a parameter"));
}

TEST(Plan, RefusesANameThatJsonWouldEscape) {
    EXPECT_THAT(refusal(sweep({stage("a", {axis("x\"", {1})})})), HasSubstr("odd characters"));
}

TEST(Plan, RefusesAnEmptyAxis) {
    EXPECT_THAT(refusal(sweep({stage("a", {axis("x", {})})})), HasSubstr("has no values"));
}

TEST(Plan, RefusesMoreUnitsThanTheLimit) {
    std::vector<Axis> axes;
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"})
        axes.push_back(axis(name, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    EXPECT_THAT(refusal(sweep({stage("s", axes)})), HasSubstr("more than 10000000 units"));
}

TEST(Plan, RefusesStagesThatWaitForEachOther) {
    Stage a = stage("a", {});
    a.needs = {"b"};
    Stage b = stage("b", {});
    b.needs = {"a"};
    EXPECT_THAT(refusal(sweep({a, b})), HasSubstr("circle: a, b"));
}

TEST(Plan, JoinsUnitsOnTheAxesTheyShare) {
    Stage infer = stage("infer", {axis("fold", {0, 1}), axis("model", {"a", "b", "c"})});
    Stage fuse = stage("fuse", {axis("rule", {"max", "mean"}), axis("fold", {0, 1})});
    fuse.needs = {"infer"};
    const Plan plan = make(sweep({infer, fuse}));
    const auto inputs = plan.inputs(key(1, 3));  // rule = mean, fold = 1
    ASSERT_EQ(inputs.size(), 1U);
    EXPECT_EQ(inputs[0].stage, StageIndex{0});
    EXPECT_THAT(inputs[0].indices, ElementsAre(3U, 4U, 5U));
    ASSERT_EQ(plan.group_count(StageIndex{1}, 0), 2U);
    const std::uint32_t group = plan.group_of(key(1, 3), 0);
    EXPECT_EQ(plan.group_of(key(1, 1), 0), group);
    EXPECT_THAT(plan.units_of_group(StageIndex{1}, 0, group), ElementsAre(1U, 3U));
    EXPECT_EQ(plan.group_fed_by(StageIndex{1}, 0, 4), group);
    EXPECT_EQ(plan.group_size(StageIndex{1}, 0, group), 3U);
}

TEST(Plan, WithoutASharedAxisAllUnitsAreInputs) {
    Stage b = stage("b", {axis("y", {1, 2})});
    b.needs = {"a"};
    const Plan plan = make(sweep({stage("a", {axis("x", {1, 2, 3})}), b}));
    EXPECT_THAT(plan.inputs(key(1, 1))[0].indices, ElementsAre(0U, 1U, 2U));
    EXPECT_EQ(plan.group_count(StageIndex{1}, 0), 1U);
}

TEST(Plan, AnAxisThatDoesNotExistAgreesOnlyWithItsAbsence) {
    Stage a = stage("a", {axis("model", {"cnn", "mlp"}), axis("width", {3, 5})});
    a.axes[1].when = {param_is("model", "cnn")};
    Stage b = a;
    b.name = "b";
    b.params = {
        {"evaluate", true}
    };
    b.needs = {"a"};
    const Plan plan = make(sweep({a, b}));
    EXPECT_THAT(plan.inputs(key(1, 1))[0].indices, ElementsAre(1U));
    EXPECT_THAT(plan.inputs(key(1, 2))[0].indices, ElementsAre(2U));
}

TEST(Plan, AnUpstreamUnitThatNobodyJoinsFeedsNoGroup) {
    Stage b = stage("b", {axis("x", {2})});
    b.needs = {"a"};
    const Plan plan = make(sweep({stage("a", {axis("x", {1, 2})}), b}));
    EXPECT_EQ(plan.group_fed_by(StageIndex{1}, 0, 0), std::nullopt);
    EXPECT_EQ(plan.group_fed_by(StageIndex{1}, 0, 1), 0U);
}

TEST(Plan, RefusesAUnitWithoutInput) {
    Stage b = stage("b", {axis("x", {3})});
    b.needs = {"a"};
    EXPECT_THAT(
        refusal(sweep({stage("a", {axis("x", {1, 2})}), b})),
        HasSubstr("stage \"b\": the unit {\"x\":3} has no input")
    );
}

TEST(Plan, IdsAreTheHashOfTheCanonicalDefinition) {
    Stage native = stage("a", {axis("z", {1}), axis("b", {0.1})});
    native.threads = 2;
    const Plan plan = make(sweep({native}));
    const std::string text =
        R"({"inputs":[],"job":"noop","job_version":1,"params":{"b":0.1,"z":1},"seed":)" +
        std::to_string(plan.seed(key(0, 0))) + R"(,"threads":2})";
    EXPECT_EQ(plan.id(key(0, 0)), hash_unit(text));
    EXPECT_EQ(format_canonical_json(*parse_json(text)), text);
}

TEST(Plan, IdsDependOnNeitherNamesNorOrder) {
    const Plan plan = make(sweep({stage("a", {axis("x", {1, 2}), axis("y", {3})})}));
    const Plan other = make(sweep({stage("other", {axis("y", {3}), axis("x", {2, 1})})}));
    EXPECT_EQ(plan.id(key(0, 0)), other.id(key(0, 1)));
    EXPECT_EQ(plan.seed(key(0, 0)), other.seed(key(0, 1)));
    EXPECT_NE(plan.id(key(0, 0)), plan.id(key(0, 1)));
}

TEST(Plan, IdsDependOnWhatRunsAndOnItsInputs) {
    std::set<UnitId> ids;
    const auto add = [&](const Sweep& from, std::uint32_t stage_index) {
        ids.insert(make(from).id(key(stage_index, 0)));
    };
    Stage command = stage("a", {axis("x", {1})});
    command.job = "command";
    command.argv = {"python3", "train.py"};
    add(sweep({command}), 0);
    command.code = {"train.py"};
    command.code_hash = "aa";
    add(sweep({command}), 0);
    command.code_hash = "bb";
    add(sweep({command}), 0);
    command.argv.emplace_back("--fast");
    add(sweep({command}), 0);
    command.argv_resume = {"python3", "resume.py"};
    add(sweep({command}), 0);
    command.args.style = "hydra";
    add(sweep({command}), 0);
    Sweep seeded = sweep({command});
    seeded.seed = 8;
    add(seeded, 0);
    for (const int epochs : {1, 2}) {
        Stage upstream = stage("up", {});
        upstream.params = {
            {"epochs", epochs}
        };
        command.needs = {"up"};
        add(sweep({command, upstream}), 0);
    }
    EXPECT_EQ(ids.size(), 9U);
}

TEST(Plan, LimitsAndResourcesAreNotPartOfTheIdentity) {
    Stage a = stage("a", {axis("x", {1})});
    const UnitId before = make(sweep({a})).id(key(0, 0));
    a.limits.retries = 9;
    a.resources.cpus = 4;
    a.params = {};
    EXPECT_EQ(make(sweep({a})).id(key(0, 0)), before);
}

TEST(Plan, TheParameterSeedIsTheSeed) {
    const Plan plan = make(sweep({stage("a", {axis("seed", {5, 6})})}));
    EXPECT_EQ(plan.seed(key(0, 1)), 6U);
}

TEST(Plan, DrawnSeedsHave31BitsAndDiffer) {
    std::vector<Value> many;
    for (int i = 0; i < 1000; ++i)
        many.emplace_back(i);
    const Plan plan = make(sweep({stage("a", {axis("x", many)})}));
    std::set<std::uint32_t> seeds;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        seeds.insert(plan.seed(key(0, i)));
        EXPECT_LE(plan.seed(key(0, i)), 0x7FFF'FFFFU);
    }
    EXPECT_EQ(seeds.size(), 1000U);
}

TEST(Plan, AnEqualUnitOfALaterStageIsTheEarlierOne) {
    const Plan plan =
        make(sweep({stage("a", {axis("x", {1, 2})}), stage("b", {axis("x", {2, 3})})}));
    EXPECT_EQ(plan.same_unit(key(1, 0)), key(0, 1));
    EXPECT_EQ(plan.same_unit(key(1, 1)), std::nullopt);
    EXPECT_EQ(plan.same_unit(key(0, 1)), std::nullopt);
}

class Promotion : public testing::Test {
 protected:
    Promotion() {
        Stage small = stage("small", {axis("lr", {0.1, 0.2, 0.3}), axis("depth", {1, 2})});
        small.params = {
            {"epochs", 1    },
            {"data",   "set"}
        };
        Stage big = stage("big", {axis("repeat", {0, 1})});
        big.params = {
            {"epochs", 100}
        };
        big.promote = "best";
        Stage report = stage("report", {axis("lr", {0.1, 0.2, 0.3})});
        report.params = {
            {"kind", "report"}
        };
        report.needs = {"big"};
        Sweep from = sweep({small, big, report});
        Select best;
        best.name = "best";
        best.from = "small";
        from.selects = {best};
        plan = std::make_unique<Plan>(make(from));
    }

    std::unique_ptr<Plan> plan;
};

TEST_F(Promotion, HasNoUnitsBeforeTheSelectionIsDecided) {
    EXPECT_FALSE(plan->is_expanded(StageIndex{1}));
    EXPECT_FALSE(plan->is_expanded(StageIndex{2}));
    EXPECT_EQ(plan->unit_count(StageIndex{1}), 0U);
    EXPECT_EQ(plan->unit_count(StageIndex{2}), 0U);
    EXPECT_THAT(plan->axis_names(StageIndex{1}), ElementsAre("repeat", "lr", "depth"));
}

TEST_F(Promotion, RunsTheChosenUnitsTimesTheStagesOwnAxes) {
    const std::vector<UnitKey> chosen{key(0, 3), key(0, 0)};
    ASSERT_TRUE(plan->promote(0, chosen));
    ASSERT_EQ(plan->unit_count(StageIndex{1}), 4U);
    EXPECT_EQ(
        format_json(Value(plan->parameters(key(1, 1)))),
        R"({"lr":0.2,"depth":2,"data":"set","repeat":1,"epochs":100})"
    );
    EXPECT_EQ(format_json(Value(plan->axes(key(1, 2)))), R"({"repeat":0,"lr":0.1,"depth":1})");
}

TEST_F(Promotion, DependantsOfWhatWasNotChosenAreLeftOut) {
    const std::vector<UnitKey> chosen{key(0, 3), key(0, 0)};
    ASSERT_TRUE(plan->promote(0, chosen));
    EXPECT_THAT(points(*plan, 2), ElementsAre(R"({"lr":0.1})", R"({"lr":0.2})"));
    EXPECT_THAT(plan->inputs(key(2, 1))[0].indices, ElementsAre(0U, 1U));
}

TEST_F(Promotion, AnotherDecisionReplacesTheFirst) {
    const std::vector<UnitKey> chosen{key(0, 3), key(0, 0)};
    const std::vector<UnitKey> anew{key(0, 5)};
    ASSERT_TRUE(plan->promote(0, chosen));
    ASSERT_TRUE(plan->promote(0, anew));
    EXPECT_EQ(plan->unit_count(StageIndex{1}), 2U);
    EXPECT_THAT(points(*plan, 2), ElementsAre(R"({"lr":0.3})"));
}

TEST_F(Promotion, OfNothingLeavesNoUnits) {
    ASSERT_TRUE(plan->promote(0, {}));
    EXPECT_TRUE(plan->is_expanded(StageIndex{2}));
    EXPECT_EQ(plan->unit_count(StageIndex{1}), 0U);
    EXPECT_EQ(plan->unit_count(StageIndex{2}), 0U);
}

TEST_F(Promotion, RefusesUnitsOfAnotherStageAndLeavesThePlanAsItWas) {
    const std::vector<UnitKey> chosen{key(0, 0)};
    ASSERT_TRUE(plan->promote(0, chosen));
    const std::vector<UnitKey> wrong{key(1, 0)};
    EXPECT_FALSE(plan->promote(0, wrong));
    EXPECT_FALSE(plan->promote(1, chosen));
    EXPECT_EQ(plan->unit_count(StageIndex{1}), 2U);
}

TEST_F(Promotion, AnUnitPromotedUnchangedIsTheSameUnit) {
    Stage again = stage("again", {});
    again.promote = "best";
    Sweep from = plan->sweep();
    from.stages = {from.stages[0], again};
    Plan second = make(from);
    const std::vector<UnitKey> chosen{key(0, 4)};
    ASSERT_TRUE(second.promote(0, chosen));
    EXPECT_EQ(second.id(key(1, 0)), second.id(key(0, 4)));
    EXPECT_EQ(second.same_unit(key(1, 0)), key(0, 4));
}

TEST_F(Promotion, RefusesWhatBecomesEqualByReplacingAnAxis) {
    Stage same = stage("same", {axis("lr", {0.5})});
    same.promote = "best";
    Sweep from = plan->sweep();
    from.stages = {from.stages[0], same};
    Plan second = make(from);
    const std::vector<UnitKey> chosen{key(0, 0), key(0, 2)};  // both of depth 1
    const auto promoted = second.promote(0, chosen);
    ASSERT_FALSE(promoted);
    EXPECT_THAT(promoted.error().message, HasSubstr("two units are the same"));
    EXPECT_FALSE(second.is_expanded(StageIndex{1}));
}

}  // namespace
}  // namespace xorch
