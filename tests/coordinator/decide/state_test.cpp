#include <gtest/gtest.h>

#include "tests/coordinator/decide/sweeps.h"

namespace xorch {
namespace {

Stage needing(Stage stage, std::vector<std::string> needs) {
    stage.needs = std::move(needs);
    return stage;
}

Fact given_back(UnitKey unit, std::uint32_t attempt, const AttemptEnd& end) {
    return UnitGivenBack{unit, AttemptNumber{attempt}, end};
}

Fact failed(UnitKey unit, std::uint32_t attempt, Cause cause = Cause::user_error) {
    return UnitFailed{unit, AttemptNumber{attempt}, ended(cause)};
}

Fact sealed(UnitKey unit, std::uint32_t attempt, std::uint64_t sequence, std::int64_t step) {
    return CheckpointSealed{unit, AttemptNumber{attempt}, sequence, step, Millis{5}};
}

Result<void> try_apply(State& state, Fact fact) {
    return state.apply({.at_unix = Millis{0}, .facts = {std::move(fact)}}, {1, 0, 64});
}

UnitPhase phase(const State& state, UnitKey unit) {
    return state.unit(unit).phase;
}

// train over 4 points, then two units that join on nothing and so need all of them.
Sweep two_stages() {
    Stage report = make_stage("report", 2);
    report.axes.front().name = "kind";
    report.argv = {"report", "{kind}"};
    return make_sweep({make_stage("train", 4), needing(report, {"train"})});
}

TEST(State, BeginsWithUnitsWithoutInputsReadyAndOthersWaiting) {
    const State state = make_state(two_stages());
    EXPECT_EQ(state.stage(StageIndex{0}).in(UnitPhase::ready), 4U);
    EXPECT_EQ(state.stage(StageIndex{1}).in(UnitPhase::waiting), 2U);
    EXPECT_EQ(state.first_ready(StageIndex{0}, 0), 0U);
    EXPECT_EQ(state.first_ready(StageIndex{0}, 3), 3U);
    EXPECT_EQ(state.first_ready(StageIndex{0}, 4), std::nullopt);
    EXPECT_EQ(state.first_ready(StageIndex{1}, 0), std::nullopt);
}

TEST(State, MakesAUnitReadyWhenItsLastInputIsDone) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a)});
    for (std::uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::waiting);
        apply(state, {assigned(agent_a, key(0, i), 1), finished(key(0, i), 1)});
    }
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::ready);
    EXPECT_EQ(phase(state, key(1, 1)), UnitPhase::ready);
}

TEST(State, FailsDependantsOfAFailedUnitAndRevivesThemWithIt) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 1), 1), failed(key(0, 1), 1)});
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::failed);
    EXPECT_EQ(state.unit(key(1, 0)).cause, Cause::upstream);
    ASSERT_TRUE(state.first_failure().has_value());
    EXPECT_EQ(state.first_failure()->unit, key(0, 1));

    apply(state, {UnitsRevived{{{StageIndex{0}, 0, 4}}}});
    EXPECT_EQ(phase(state, key(0, 1)), UnitPhase::ready);
    EXPECT_EQ(state.unit(key(0, 1)).attempt, 1U) << "attempts never go back";
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::waiting);
    EXPECT_FALSE(state.first_failure().has_value());
}

TEST(State, RevivesTheFailedInputsOfARevivedUnit) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 1), 1), failed(key(0, 1), 1)});
    apply(state, {UnitsCancelled{{{StageIndex{0}, 2, 1}}}});
    apply(state, {UnitsRevived{{{StageIndex{1}, 0, 1}}}});
    EXPECT_EQ(phase(state, key(0, 1)), UnitPhase::ready);
    EXPECT_EQ(phase(state, key(0, 2)), UnitPhase::ready);
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::waiting);
}

TEST(State, CancelsOnlyWhatIsNotFinal) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), finished(key(0, 0), 1)});
    apply(state, {assigned(agent_a, key(0, 1), 1)});
    apply(state, {UnitsCancelled{{{StageIndex{0}, 0, 4}, {StageIndex{1}, 0, 1}}}});
    EXPECT_EQ(phase(state, key(0, 0)), UnitPhase::done);
    EXPECT_EQ(phase(state, key(0, 1)), UnitPhase::cancelled);
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::cancelled);
    EXPECT_EQ(phase(state, key(1, 1)), UnitPhase::failed) << "its inputs will never be";
    EXPECT_TRUE(state.find_agent(agent_a)->holding.empty());
    EXPECT_TRUE(state.complete());
}

TEST(State, RefusesWhatCannotHappen) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1)});
    EXPECT_FALSE(try_apply(state, assigned(agent_a, key(0, 0), 2)).has_value());
    EXPECT_FALSE(try_apply(state, assigned(agent_b, key(0, 1), 1)).has_value());
    EXPECT_FALSE(try_apply(state, assigned(agent_a, key(7, 0), 1)).has_value());
    EXPECT_FALSE(try_apply(state, assigned(agent_a, key(1, 0), 1)).has_value());
    EXPECT_FALSE(try_apply(state, finished(key(0, 0), 2)).has_value());
    EXPECT_FALSE(try_apply(state, finished(key(0, 9), 1)).has_value());
    EXPECT_FALSE(try_apply(state, AgentGone{agent_a, true, "with units"}).has_value());
    EXPECT_FALSE(try_apply(state, AllocationStarted{AllocationId{3}, {}}).has_value());
    apply(state, {finished(key(0, 0), 1)});
    EXPECT_FALSE(try_apply(state, finished(key(0, 0), 1)).has_value());
    apply(state, {assigned(agent_a, key(0, 1), 3), given_back(key(0, 1), 3, ended(Cause::crash))});
    EXPECT_FALSE(try_apply(state, assigned(agent_a, key(0, 1), 3)).has_value());
}

TEST(State, ListsAUnitThatLostTwoAgentsAsToBeTriedAlone) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a)});
    for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
        EXPECT_TRUE(state.ready_alone().empty());
        apply(
            state,
            {assigned(agent_a, key(0, 2), attempt),
             given_back(key(0, 2), attempt, ended(Cause::agent_lost))}
        );
    }
    EXPECT_TRUE(state.ready_alone().contains(key(0, 2)));
    EXPECT_EQ(state.first_ready(StageIndex{0}, 2), 3U);
}

TEST(State, DoesNotCountADeathAgainstAUnitThatOnlyQueued) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 2), 1)});
    apply(state, {given_back(key(0, 2), 1, ended(Cause::agent_lost, Millis{0}))});
    EXPECT_EQ(state.unit(key(0, 2)).agent_deaths, 0);
}

TEST(State, CountsKnownStopsUntilANewerCheckpoint) {
    State state = make_state(two_stages());
    const UnitKey unit = key(0, 0);
    apply(state, {joined(agent_a), assigned(agent_a, unit, 1), sealed(unit, 1, 1, 10)});
    apply(state, {given_back(unit, 1, ended(Cause::time_limit))});
    EXPECT_EQ(state.unit(unit).stalled_stops, 1);
    apply(state, {assigned(agent_a, unit, 2), sealed(unit, 2, 1, 8)});
    EXPECT_EQ(state.unit(unit).stalled_stops, 1) << "step 8 again is no progress";
    apply(state, {sealed(unit, 2, 2, 12)});
    EXPECT_EQ(state.unit(unit).stalled_stops, 0);
    EXPECT_EQ(state.unit(unit).checkpoint_step, 12);
}

TEST(State, DoesNotHoldTheUsersOwnStopsAgainstAUnit) {
    State state = make_state(two_stages());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1)});
    apply(state, {given_back(key(0, 0), 1, ended(Cause::stop_request))});
    EXPECT_EQ(state.unit(key(0, 0)).stalled_stops, 0);
    EXPECT_EQ(state.unit(key(0, 0)).ran_ms, 1'000U);
}

TEST(State, CountsAllocationsWithoutProgress) {
    State state = make_state(two_stages());
    for (std::uint32_t a = 1; a <= 2; ++a) {
        apply(
            state,
            {
                AllocationIntended{AllocationId{a}, "t"}
        }
        );
        apply(
            state,
            {
                AllocationEnded{AllocationId{a}, "time"}
        }
        );
        EXPECT_EQ(state.barren_allocations(), a);
    }
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), finished(key(0, 0), 1)});
    EXPECT_EQ(state.barren_allocations(), 0U);
}

// The same units under two names: job and parameters are equal.
Sweep twins() {
    return make_sweep({make_stage("first", 2), [] {
                           Stage stage = make_stage("second", 3);
                           stage.argv = {"first", "{i}"};
                           return stage;
                       }()});
}

TEST(State, LetsAnEqualUnitOfALaterStageWaitToBeAdopted) {
    State state = make_state(twins());
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::waiting);
    EXPECT_EQ(phase(state, key(1, 2)), UnitPhase::ready);
    EXPECT_EQ(state.twins_waiting_for(key(0, 0)), std::vector{key(1, 0)});
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 0), 1), finished(key(0, 0), 1)});
    EXPECT_TRUE(state.adoptable().contains(key(1, 0)));
    apply(
        state,
        {
            UnitAdopted{key(1, 0), "first/0", ended(Cause::none)}
    }
    );
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::done);
    EXPECT_TRUE(state.adoptable().empty());
}

TEST(State, FailsAndRevivesEqualUnitsTogether) {
    State state = make_state(twins());
    apply(state, {joined(agent_a), assigned(agent_a, key(0, 1), 1), failed(key(0, 1), 1)});
    EXPECT_EQ(phase(state, key(1, 1)), UnitPhase::failed);
    apply(state, {UnitsRevived{{{StageIndex{1}, 1, 1}}}});
    EXPECT_EQ(phase(state, key(0, 1)), UnitPhase::ready);
    EXPECT_EQ(phase(state, key(1, 1)), UnitPhase::waiting);
}

// small -> best -> large -> report.
Sweep promoting() {
    Stage small = make_stage("small", 3);
    Stage large = make_stage("large", 2);
    large.axes.front().name = "repeat";
    large.argv = {"large", "{i}", "{repeat}"};
    large.promote = "best";
    Sweep sweep = make_sweep({small, large, needing(make_stage("report", 3), {"large"})});
    Select best;
    best.name = "best";
    best.from = "small";
    best.order = {
        {.metric = "loss", .minimise = true}
    };
    sweep.selects = {best};
    return sweep;
}

void finish_small(State& state) {
    apply(state, {joined(agent_a)});
    for (std::uint32_t i = 0; i < 3; ++i) {
        const std::string rows =
            "{\"loss\": 9}\n{\"loss\": " + std::to_string(i) + ".5, \"x\": 1}\n";
        apply(state, {assigned(agent_a, key(0, i), 1), finished(key(0, i), 1, rows)});
    }
}

TEST(State, FillsAPromotingStageAndItsDependantsWhenTheSelectionIsDecided) {
    State state = make_state(promoting());
    EXPECT_EQ(state.stage(StageIndex{1}).total(), 0U);
    EXPECT_FALSE(state.is_final(StageIndex{1}));
    finish_small(state);
    EXPECT_EQ(
        state.metrics(0, key(0, 2)),
        (Object{
            {"loss", Value(2.5)}
    })
    ) << "of the last row";
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 1)}, "because"}
    }
    );
    EXPECT_EQ(state.stage(StageIndex{1}).in(UnitPhase::ready), 2U);
    EXPECT_EQ(state.stage(StageIndex{2}).in(UnitPhase::waiting), 1U) << "i = 1 only";
    EXPECT_FALSE(try_apply(state, SelectionDecided{0, {key(0, 1)}, "again"}).has_value());
}

TEST(State, LeavesAStageOfARefusedSelectionWithoutUnits) {
    State state = make_state(promoting());
    finish_small(state);
    apply(
        state,
        {
            SelectionDecided{0, {}, "nothing was good enough"}
    }
    );
    EXPECT_TRUE(state.select(0).refused);
    EXPECT_TRUE(state.complete());
}

TEST(State, ReplacesPromotedUnitsWhenARevivedSelectionIsDecidedDifferently) {
    State state = make_state(promoting());
    apply(state, {joined(agent_a)});
    for (std::uint32_t i = 0; i < 2; ++i)
        apply(state, {assigned(agent_a, key(0, i), 1), finished(key(0, i), 1)});
    apply(state, {assigned(agent_a, key(0, 2), 1), failed(key(0, 2), 1)});
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 1)}, "because"}
    }
    );
    apply(state, {assigned(agent_a, key(1, 0), 1), finished(key(1, 0), 1)});
    apply(state, {assigned(agent_a, key(1, 1), 1)});

    apply(state, {UnitsRevived{{{StageIndex{0}, 2, 1}}}});
    EXPECT_TRUE(state.select(0).stale);
    apply(state, {assigned(agent_a, key(0, 2), 2), finished(key(0, 2), 2)});
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 2)}, "better"}
    }
    );
    EXPECT_EQ(state.stage(StageIndex{1}).in(UnitPhase::ready), 2U);
    EXPECT_TRUE(state.find_agent(agent_a)->holding.empty());
    EXPECT_EQ(state.unit(key(1, 0)).attempt, 1U) << "late results of the replaced unit are old";
    EXPECT_FALSE(try_apply(state, finished(key(1, 1), 0)).has_value());
}

TEST(State, KeepsPromotedUnitsWhenARevivedSelectionIsDecidedAlike) {
    State state = make_state(promoting());
    apply(state, {joined(agent_a)});
    for (std::uint32_t i = 0; i < 2; ++i)
        apply(state, {assigned(agent_a, key(0, i), 1), finished(key(0, i), 1)});
    apply(state, {assigned(agent_a, key(0, 2), 1), failed(key(0, 2), 1)});
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 1)}, "because"}
    }
    );
    apply(state, {assigned(agent_a, key(1, 0), 1), finished(key(1, 0), 1)});
    apply(state, {UnitsRevived{{{StageIndex{0}, 2, 1}}}});
    apply(state, {assigned(agent_a, key(0, 2), 2), failed(key(0, 2), 2)});
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 1)}, "still"}
    }
    );
    EXPECT_EQ(phase(state, key(1, 0)), UnitPhase::done);
}

TEST(State, EqualsItsSnapshot) {
    State state = make_state(promoting());
    finish_small(state);
    apply(
        state,
        {
            SelectionDecided{0, {key(0, 1)}, "because"},
            RequestDone{"r", "{}"         }
    }
    );
    apply(state, {assigned(agent_a, key(1, 0), 1), sealed(key(1, 0), 1, 1, 7), SweepPaused{"why"}});
    const std::string bytes = state.save();
    auto plan = Plan::make(promoting());
    ASSERT_TRUE(plan.has_value());
    auto loaded = State::load(std::move(*plan), bytes);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->save(), bytes);
    EXPECT_EQ(loaded->unit(key(1, 0)), state.unit(key(1, 0)));
    EXPECT_EQ(loaded->metrics(0, key(0, 1)), state.metrics(0, key(0, 1)));
    ASSERT_NE(loaded->reply_to("r"), nullptr);
    EXPECT_EQ(loaded->pause_reason(), "why");
}

TEST(State, RefusesADamagedSnapshot) {
    State state = make_state(promoting());
    finish_small(state);
    const std::string bytes = state.save();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 4);
        auto plan = Plan::make(promoting());
        ASSERT_TRUE(plan.has_value());
        EXPECT_FALSE(State::load(std::move(*plan), damaged).has_value());
    }
}

}  // namespace
}  // namespace xorch
