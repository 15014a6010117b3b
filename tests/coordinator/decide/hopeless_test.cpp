// Units that a [[stop]] rule gives up: an outcome that is neither done nor failed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/decide/rules/rules.h"
#include "core/json.h"
#include "core/layout.h"
#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

AttemptEnd hopeless() {
    AttemptEnd end = ended(Cause::hopeless);
    end.rows = "{\"recall\": 0.0}\n";
    return end;
}

Fact found_hopeless(UnitKey unit, std::uint32_t attempt) {
    return UnitFoundHopeless{unit, AttemptNumber{attempt}, hopeless()};
}

// Stage "train" of two units, "test" with one unit for each of them, "fuse" that needs all.
Sweep chained() {
    Stage test = make_stage("test", 2);
    test.argv.emplace_back("test");
    test.needs = {"train"};
    Stage fuse = make_stage("fuse", 1);
    fuse.axes.clear();
    fuse.needs = {"train"};
    return make_sweep({make_stage("train", 2), test, fuse});
}

class MemoryRows : public RowSource {
 public:
    Result<std::string> rows(FactLocation) override { return std::string("{\"x\": 1}\n"); }
};

TEST(HopelessUnit, IsFinalAndLeavesItsSweepComplete) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    const IncarnationId agent = harness.join();
    harness.take_facts();
    harness.end(agent, key(0, 0), hopeless());
    const auto facts = harness.take_facts();
    ASSERT_THAT(all_of<UnitFoundHopeless>(facts), SizeIs(1));
    EXPECT_EQ(all_of<UnitFoundHopeless>(facts)[0].end.rows, "{\"recall\": 0.0}\n");
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::hopeless);
    harness.finish(agent, key(0, 1));
    EXPECT_TRUE(harness.state().complete());
}

TEST(HopelessUnit, UsesUpNoRetryAndBlamesNoNode) {
    Sweep sweep = make_sweep({make_stage("train", 1)});
    sweep.stages[0].limits.retries = 0;
    Harness harness(sweep);
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), hopeless());
    EXPECT_EQ(harness.state().unit(key(0, 0)).own_failures, 0U);
    EXPECT_THAT(harness.state().troubled_nodes(), IsEmpty());
    EXPECT_FALSE(harness.state().first_failure());
}

TEST(HopelessUnit, IsNotBroughtBackByRetryOrContinue) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), hopeless());
    harness.request("r1", "retry");
    harness.request("r2", "pause");
    harness.request("r3", "continue");
    harness.request("r4", "cancel");
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::hopeless);
}

TEST(HopelessUnit, IsStillSoAfterACrashOfTheCoordinator) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), hopeless());
    harness.drain();
    harness.crash();
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::hopeless);
}

TEST(HopelessUnit, CountsWhenAnAgentThatSeemedLostReportsIt) {
    State state = make_state(make_sweep({make_stage("train", 1)}));
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1)});
    apply(
        state,
        {
            UnitGivenBack{key(0, 0), AttemptNumber{1}, ended(Cause::agent_lost)}
    }
    );
    const Effects effects = on_end(
        state, agent_a, {.sequence = 1, .unit = key(0, 0), .attempt = {1}, .end = hopeless()}
    );
    EXPECT_THAT(all_of<UnitFoundHopeless>(effects.facts), SizeIs(1));
}

TEST(HopelessUnit, TakesAlongWhatNeedsNothingElseAndTellsTheRest) {
    State state = make_state(chained());
    apply(
        state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), assigned(agent_a, key(0, 1), 1)}
    );
    apply(state, {found_hopeless(key(0, 0), 1), finished(key(0, 1), 1)});
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::hopeless) << "its only input is";
    EXPECT_EQ(state.unit(key(1, 0)).cause, Cause::upstream);
    EXPECT_EQ(state.unit(key(1, 1)).phase, UnitPhase::ready);
    EXPECT_EQ(state.unit(key(2, 0)).phase, UnitPhase::ready) << "one of its inputs is done";

    MemoryRows rows;
    const auto told = assignment(
        state, {key(2, 0), AttemptNumber{1}}, false, SweepLayout{.root = "/sweep"}, rows
    );
    ASSERT_TRUE(told);
    const auto inputs = parse_json(told->inputs);
    ASSERT_TRUE(inputs);
    const Array& list = *inputs->get_if<Array>();
    ASSERT_THAT(list, SizeIs(2));
    ASSERT_NE(list[0].find("hopeless"), nullptr);
    EXPECT_EQ(*list[0].find("hopeless"), Value(true));
    EXPECT_EQ(*list[0].find("records"), Value(Array{})) << "what it reported is no result";
    EXPECT_EQ(list[1].find("hopeless"), nullptr);
}

TEST(HopelessUnit, LeavesAUnitWithoutAnyDoneInputNothingToWorkOn) {
    State state = make_state(chained());
    apply(
        state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), assigned(agent_a, key(0, 1), 1)}
    );
    apply(state, {found_hopeless(key(0, 0), 1), found_hopeless(key(0, 1), 1)});
    EXPECT_EQ(state.unit(key(2, 0)).phase, UnitPhase::hopeless);
    EXPECT_TRUE(state.complete());
}

TEST(HopelessUnit, IsReadBackFromASnapshotWithWhatFollowsFromIt) {
    State state = make_state(chained());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1)});
    apply(state, {found_hopeless(key(0, 0), 1)});
    auto plan = Plan::make(chained());
    ASSERT_TRUE(plan);
    const auto loaded = State::load(std::move(*plan), state.save());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->unit(key(0, 0)), state.unit(key(0, 0)));
    EXPECT_EQ(loaded->unit(key(1, 0)), state.unit(key(1, 0)));
    EXPECT_EQ(loaded->save(), state.save());
}

TEST(HopelessUnit, IsHopelessUnderEveryNameItHas) {
    Stage again = make_stage("again", 1);
    again.argv = {"train", "{i}"};
    Harness harness(make_sweep({make_stage("train", 1), again}));
    ASSERT_TRUE(harness.state().plan().same_unit(key(1, 0)));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), hopeless());
    EXPECT_EQ(harness.phase(key(1, 0)), UnitPhase::hopeless);
    EXPECT_TRUE(harness.state().complete());
}

TEST(HopelessUnit, NeverWinsASelectionAndIsNamedInItsReasons) {
    Stage full = make_stage("full", 1);
    full.axes.clear();
    full.promote = "best";
    full.argv.emplace_back("full");
    Sweep sweep = make_sweep({make_stage("small", 3), full});
    Select best;
    best.name = "best";
    best.from = "small";
    best.order.push_back({.metric = "recall", .minimise = true});
    sweep.selects = {best};
    Harness harness(sweep);
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), hopeless());
    harness.finish(agent, key(0, 1), "{\"recall\": 0.5}\n");
    harness.finish(agent, key(0, 2), "{\"recall\": 0.7}\n");
    const auto decided = all_of<SelectionDecided>(harness.take_facts());
    ASSERT_THAT(decided, SizeIs(1));
    EXPECT_THAT(decided[0].chosen, ElementsAre(key(0, 1)));
    EXPECT_THAT(decided[0].explanation, HasSubstr("has hope ([[stop]]): not met by 0"));
}

TEST(HopelessUnit, TakesItsRepeatsOutOfTheChoiceWithoutRefusingIt) {
    Sweep sweep = make_sweep({make_stage("small", 2)});
    Axis seed{
        .name = "seed", .values = {Value(1),               Value(2)},
             .when = {                      }
    };
    sweep.stages[0].axes.push_back(seed);
    Select best;
    best.name = "best";
    best.from = "small";
    best.repeats = {"seed"};
    best.order.push_back({.metric = "recall"});
    sweep.selects = {best};
    Harness harness(sweep);
    const IncarnationId agent = harness.join(0xa, "node-1", 4);
    harness.end(agent, key(0, 1), hopeless());
    harness.finish(agent, key(0, 0), "{\"recall\": 0.9}\n");
    harness.finish(agent, key(0, 2), "{\"recall\": 0.5}\n");
    harness.finish(agent, key(0, 3), "{\"recall\": 0.5}\n");
    const auto decided = all_of<SelectionDecided>(harness.take_facts());
    ASSERT_THAT(decided, SizeIs(1));
    EXPECT_THAT(decided[0].chosen, ElementsAre(key(0, 2)));
}

TEST(HopelessUnit, ThatWasDoneOnceStaysDoneWithWhatItRecorded) {
    State state = make_state(make_sweep({make_stage("train", 1)}));
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1)});
    apply(state, {finished(key(0, 0), 1, "{\"recall\": 0.5, \"y\": NaN}\n")});
    apply(
        state,
        {
            UnitReopened{key(0, 0), "{\"recall\": 0.5, \"y\": NaN}\n"}
    }
    );
    apply(state, {assigned(agent_a, key(0, 0), 3)});
    const Effects effects = on_end(
        state, agent_a, {.sequence = 1, .unit = key(0, 0), .attempt = {3}, .end = hopeless()}
    );
    EXPECT_THAT(all_of<UnitFoundHopeless>(effects.facts), IsEmpty());
    const auto done = all_of<UnitFinished>(effects.facts);
    ASSERT_THAT(done, SizeIs(1));
    EXPECT_THAT(done[0].end.rows, HasSubstr("0.5"));
    EXPECT_THAT(done[0].end.message, HasSubstr("disagreed"));
}

}  // namespace
}  // namespace xorch
