#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/agent_harness.h"
#include "worker/agent/slice.h"

namespace xorch {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AgentHarness::Options ending_after(Millis end) {
    AgentHarness::Options options;
    options.capacity = {.cpus = 1};
    options.allocation_end = end;
    return options;
}

void seal(AgentHarness& harness, UnitKey unit, Millis took) {
    harness.subject.on_attempt(
        harness.now,
        AttemptSealed{
            CheckpointSealed{.unit = unit, .attempt = {1}, .sequence = 1, .took = took}
    }
    );
}

TEST(Durations, GiveTheNinetyFifthPercentileOfTheNewestSamples) {
    Durations durations;
    for (int i = 0; i < 1'000; ++i) {
        durations.add(seconds{100});
    }
    for (int i = 1; i <= 64; ++i) {
        durations.add(seconds{i});
    }
    EXPECT_EQ(durations.p95(), Millis{seconds{61}});
}

TEST(AgentDeadlines, AskAUnitToStopAGuessAndSlackBeforeTheEnd) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    EXPECT_EQ(harness.ordered<StartAttempt>()[0].time_left, Millis{seconds{85}});
    EXPECT_EQ(
        harness.ordered<StartAttempt>()[0].deadline_unix, harness.now.unix + Millis{seconds{85}}
    );
    harness.advance(Millis{84'999});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    EXPECT_LE(harness.subject.next_tick(), harness.now.boot + Millis{1});
    harness.advance(Millis{1});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].cause, Cause::time_limit);
    EXPECT_FALSE(harness.ordered<EndAttempt>()[0].at_once);
}

TEST(AgentDeadlines, FollowTheMeasuredTimeOfACheckpoint) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    seal(harness, unit_at(0), seconds{30});
    harness.advance_led(seconds{64});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance_led(seconds{1});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, KillWhatStillRunsBeforeTheEndAndLeave) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.advance_led(seconds{90});
    harness.advance_led(seconds{8});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(2));
    EXPECT_TRUE(harness.ordered<EndAttempt>()[1].at_once);
    EXPECT_THAT(harness.said<AgentGoodbye>(), IsEmpty());
    harness.finish(unit_at(0), 1, Cause::time_limit);
    EXPECT_THAT(harness.said<AgentGoodbye>(), SizeIs(1));
    harness.hear(Acknowledge{.through = 1});
    EXPECT_TRUE(harness.exited);
}

TEST(AgentDeadlines, StartNoUnitWhoseLeastSliceNoLongerFits) {
    AgentHarness::Options options = ending_after(seconds{100});
    options.sweep.stages[0].resources.time = seconds{60};
    AgentHarness harness(options);
    harness.connect();
    harness.assign({assignment_of(unit_at(0)), assignment_of(unit_at(1))});
    harness.advance_led(seconds{30});
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0)));
    ASSERT_THAT(harness.ends(), SizeIs(2));
    EXPECT_EQ(harness.ends()[1].end.cause, Cause::time_limit);
    EXPECT_EQ(harness.ends()[1].end.started_unix, Millis{0});
    EXPECT_THAT(harness.said<AgentGoodbye>(), SizeIs(1));
}

TEST(AgentDeadlines, PassAUnitThatNoLongerFitsForOneThatDoes) {
    AgentHarness::Options options = ending_after(seconds{100});
    options.sweep.stages[0].resources.time = seconds{90};
    options.sweep.stages.emplace_back();
    AgentHarness harness(options);
    harness.connect();
    harness.assign({assignment_of(unit_at(0, 0)), assignment_of(unit_at(0, 1))});
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0, 1)));
}

TEST(AgentDeadlines, UseARemainderThatHoldsARestoreAndASave) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0)), assignment_of(unit_at(1))});
    seal(harness, unit_at(0), seconds{10});
    harness.advance_led(seconds{64});
    harness.finish(unit_at(0));
    // 85 s until the stop request, less 64 s: 21 s, and a restore and a save take 20 s.
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1)));
}

TEST(AgentDeadlines, LeaveARemainderThatHoldsOnlyARestoreAndASave) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0)), assignment_of(unit_at(1))});
    seal(harness, unit_at(0), seconds{10});
    harness.advance_led(seconds{65});
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0)));
    EXPECT_THAT(harness.said<AgentGoodbye>(), SizeIs(1));
}

TEST(AgentDeadlines, MoveWithTheAllocation) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.subject.on_allocation_end(harness.now, harness.now.boot + seconds{1'000});
    harness.advance_led(seconds{200});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.subject.on_allocation_end(harness.now, harness.now.boot + seconds{10});
    harness.advance(Millis{0});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, LetAnIdleAgentLeaveAtTheEnd) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.advance_led(seconds{94});
    EXPECT_FALSE(harness.exited);
    EXPECT_LE(harness.subject.next_tick(), harness.now.boot + seconds{1});
    harness.advance_led(seconds{1});
    EXPECT_THAT(harness.said<AgentGoodbye>(), SizeIs(1));
    EXPECT_TRUE(harness.exited);
}

TEST(AgentDeadlines, ComeCloserWhenTheAllocationIsShortened) {
    AgentHarness harness(ending_after(seconds{1'000}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.hear(CoordinatorHeartbeat{.allocation_left = seconds{100}});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance_led(Millis{84'999});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance_led(Millis{1});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, StopAUnitAtOnceWhoseEndHasComeNear) {
    AgentHarness harness(ending_after(seconds{1'000}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.hear(CoordinatorHeartbeat{.allocation_left = seconds{10}});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].cause, Cause::time_limit);
}

TEST(AgentDeadlines, MoveAwayWhenTheAllocationIsProlonged) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.hear(CoordinatorHeartbeat{.allocation_left = seconds{200}});
    harness.advance_led(seconds{184});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance_led(seconds{1});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, ComeFromTheCoordinatorIfTheAgentKnewOfNone) {
    AgentHarness harness(ending_after(Millis{0}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.hear(CoordinatorHeartbeat{.allocation_left = seconds{100}});
    harness.advance_led(seconds{85});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, DoNotMoveByTheTimeThatAMessageTakesNorByAnUnknownEnd) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.assign({assignment_of(unit_at(0))});
    harness.hear(CoordinatorHeartbeat{.allocation_left = Millis{101'999}});
    harness.hear(CoordinatorHeartbeat{.allocation_left = Millis{0}});
    harness.advance_led(Millis{84'999});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance_led(Millis{1});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
}

TEST(AgentDeadlines, AreToldToACoordinatorThatIsNew) {
    AgentHarness harness(ending_after(seconds{100}));
    harness.connect();
    harness.hear(CoordinatorHeartbeat{.allocation_left = seconds{200}});
    harness.advance(seconds{20});
    harness.clear();
    harness.connect(2);
    const auto hellos = harness.said<AgentHello>();
    ASSERT_THAT(hellos, SizeIs(1));
    EXPECT_EQ(hellos[0].allocation_left, Millis{seconds{180}});
}

}  // namespace
}  // namespace xorch
