#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* lacking = "{\"x\": 1, \"y\": NaN}\n";
constexpr const char* whole = "{\"x\": 1, \"y\": 2}\n";

std::string reopening(std::uint32_t index, const std::string& rows) {
    Array units;
    units.emplace_back(Object{
        {"stage", "train"            },
        {"index", std::int64_t{index}},
        {"rows",  rows               }
    });
    return format_json(Object{
        {"units", std::move(units)}
    });
}

// Stage "train" of two units; "fuse" of one, which needs both.
Sweep chained() {
    Stage fuse = make_stage("fuse", 1);
    fuse.axes.clear();
    fuse.needs = {"train"};
    return make_sweep({make_stage("train", 2), fuse});
}

// Both units of "train" are done, the first of them lacking a value.
State with_a_gap(Sweep sweep) {
    State state = make_state(std::move(sweep));
    apply(
        state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), assigned(agent_a, key(0, 1), 1)}
    );
    apply(state, {finished(key(0, 0), 1, lacking), finished(key(0, 1), 1, whole)});
    return state;
}

TEST(Reopening, RunsADoneUnitAgainUnderANewAttemptWhileItsRowsStand) {
    State state = with_a_gap(make_sweep({make_stage("train", 2)}));
    apply(
        state,
        {
            UnitReopened{key(0, 0), lacking}
    }
    );
    EXPECT_EQ(state.unit(key(0, 0)).phase, UnitPhase::ready);
    EXPECT_EQ(state.unit(key(0, 0)).attempt, 2U) << "the first attempt is not current any more";
    ASSERT_NE(state.standing_rows(key(0, 0)), nullptr);
    EXPECT_EQ(*state.standing_rows(key(0, 0)), lacking);
    EXPECT_FALSE(state.complete());

    apply(state, {assigned(agent_a, key(0, 0), 3), finished(key(0, 0), 3, whole)});
    EXPECT_EQ(state.standing_rows(key(0, 0)), nullptr);
    EXPECT_TRUE(state.complete());
    EXPECT_TRUE(state.check_invariants());
}

TEST(Reopening, DoesNotLetTheOldAttemptFinishTheUnitAgain) {
    State state = with_a_gap(make_sweep({make_stage("train", 2)}));
    apply(
        state,
        {
            UnitReopened{key(0, 0), lacking}
    }
    );
    const auto applied =
        state.apply({.at_unix = {}, .facts = {finished(key(0, 0), 1, lacking)}}, {1, 0, 0});
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("not current"));
}

TEST(Reopening, LetsReadyDependantsWaitAgain) {
    State state = with_a_gap(chained());
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::ready);
    apply(
        state,
        {
            UnitReopened{key(0, 0), lacking}
    }
    );
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::waiting);
    EXPECT_TRUE(state.check_invariants());
    apply(state, {assigned(agent_a, key(0, 0), 3), finished(key(0, 0), 3, whole)});
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::ready);
}

TEST(Reopening, LeavesADependantThatIsDoneAsItIs) {
    State state = with_a_gap(chained());
    apply(state, {assigned(agent_a, key(1, 0), 1), finished(key(1, 0), 1)});
    apply(
        state,
        {
            UnitReopened{key(0, 0), lacking}
    }
    );
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::done);
    EXPECT_TRUE(state.check_invariants());
}

TEST(Reopening, LetsADependantThatRunsWaitOnlyForItsNextAttempt) {
    State state = with_a_gap(chained());
    apply(
        state,
        {
            assigned(agent_a, key(1, 0), 1), UnitReopened{key(0, 0), lacking}
    }
    );
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::assigned);
    apply(
        state,
        {
            UnitGivenBack{key(1, 0), AttemptNumber{1}, ended(Cause::user_error)}
    }
    );
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::waiting);
    EXPECT_TRUE(state.check_invariants());
    apply(state, {assigned(agent_a, key(0, 0), 3), finished(key(0, 0), 3, whole)});
    EXPECT_EQ(state.unit(key(1, 0)).phase, UnitPhase::ready);
}

TEST(Reopening, KeepsStandingRowsThroughFailureRetryAndSnapshot) {
    const Sweep sweep = make_sweep({make_stage("train", 2)});
    State state = with_a_gap(sweep);
    apply(
        state,
        {
            UnitReopened{key(0, 0), lacking},
            assigned(agent_a, key(0, 0), 3)
    }
    );
    apply(
        state,
        {
            UnitFailed{key(0, 0), AttemptNumber{3}, ended(Cause::user_error)}
    }
    );
    ASSERT_NE(state.standing_rows(key(0, 0)), nullptr);
    apply(state, {UnitsRevived{{{StageIndex{0}, 0, 1}}}});
    const auto loaded = State::load(*Plan::make(sweep), state.save());
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_NE(loaded->standing_rows(key(0, 0)), nullptr);
    EXPECT_EQ(*loaded->standing_rows(key(0, 0)), lacking);
    EXPECT_EQ(loaded->save(), state.save());
}

TEST(Reopening, IsImpossibleForAUnitThatIsNotDone) {
    State state = make_state(make_sweep({make_stage("train", 2)}));
    const FactBatch batch{.at_unix = {}, .facts = {UnitReopened{key(0, 0), whole}}};
    const auto applied = state.apply(batch, {1, 0, 0});
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("reopened before it was done"));
}

// A sweep of three units that goes on; the first is done and lacks a value.
struct Ran {
    Ran() : harness(make_sweep({make_stage("train", 3)})), agent(harness.join()) {
        harness.drain();
        harness.finish(agent, key(0, 0), lacking);
        harness.drain();
        harness.take_facts();
    }

    Harness harness;
    IncarnationId agent;
};

TEST(ReopenRequest, ChangesNothingWhereTheRowsAreOthersByNow) {
    Ran ran;
    ran.harness.request("r1", "reopen", reopening(0, whole));
    const auto replies = said<ClientReply>(ran.harness.drain());
    ASSERT_THAT(replies, SizeIs(1));
    EXPECT_EQ(replies.front().text, R"({"reopened":0})");
    EXPECT_THAT(all_of<UnitReopened>(ran.harness.take_facts()), IsEmpty());
}

TEST(ReopenRequest, NamesAUnitThatIsNotThere) {
    Ran ran;
    ran.harness.request("r1", "reopen", reopening(7, whole));
    const auto replies = said<ClientReply>(ran.harness.drain());
    ASSERT_THAT(replies, SizeIs(1));
    EXPECT_FALSE(replies.front().ok);
    EXPECT_EQ(replies.front().text, "there is no unit train/7");
}

// The same, and the unit was opened again.
struct Goes : Ran {
    Goes() {
        harness.request("r1", "reopen", reopening(0, lacking));
        harness.drain();
        harness.take_facts();
    }

    // Lets the agent finish what it holds until the reopened unit is its turn.
    std::vector<Fact> report(const std::string& rows) {
        if (harness.phase(key(0, 0)) != UnitPhase::assigned) {
            harness.finish(agent, key(0, 1), whole);
            harness.drain();
        }
        EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned);
        harness.take_facts();
        harness.finish(agent, key(0, 0), rows);
        harness.drain();
        return harness.take_facts();
    }
};

TEST(ReopenRequest, FillsInWhatTheNewRunSaysAndNothingElse) {
    Goes goes;
    const auto facts = goes.report(whole);
    const auto finished = all_of<UnitFinished>(facts);
    ASSERT_THAT(finished, SizeIs(1));
    EXPECT_EQ(finished.front().end.rows, whole);
    EXPECT_EQ(finished.front().attempt, AttemptNumber{3});
    EXPECT_THAT(all_of<ResultRefused>(facts), IsEmpty());
}

TEST(ReopenRequest, LetsTheRecordStandThatTheNewRunDisagreesWith) {
    Goes goes;
    const auto facts = goes.report("{\"x\": 1.5, \"y\": 2}\n");
    const auto finished = all_of<UnitFinished>(facts);
    ASSERT_THAT(finished, SizeIs(1));
    EXPECT_EQ(finished.front().end.rows, lacking);
    const auto refused = all_of<ResultRefused>(facts);
    ASSERT_THAT(refused, SizeIs(1));
    EXPECT_THAT(refused.front().reason, HasSubstr("x was 1 and is now 1.5"));
}

TEST(ReopenRequest, IsNotForgottenByACrash) {
    Goes goes;
    goes.harness.crash();
    ASSERT_NE(goes.harness.state().standing_rows(key(0, 0)), nullptr);
    EXPECT_EQ(*goes.harness.state().standing_rows(key(0, 0)), lacking);
}

}  // namespace
}  // namespace xorch
