#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/agent_harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<Assignment> units(std::uint32_t count) {
    std::vector<Assignment> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        all.push_back(assignment_of(unit_at(i)));
    }
    return all;
}

TEST(Agent, StartsNoMoreUnitsThanItHasCpus) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(5));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1)));
    EXPECT_EQ(harness.subject.in_use().cpus, 2U);
    harness.finish(unit_at(1));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1), unit_at(2)));
}

TEST(Agent, CountsAKilledAttemptUntilItIsGone) {
    AgentHarness harness({.capacity = {.cpus = 1}});
    harness.connect();
    harness.assign(units(2));
    harness.hear(StopAttempt{.unit = unit_at(0), .attempt = {1}, .at_once = true});
    EXPECT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0)));
    EXPECT_EQ(harness.subject.in_use().cpus, 1U);
    harness.finish(unit_at(0), 1, Cause::stop_request);
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1)));
}

TEST(Agent, CountsMemoryAndGpus) {
    AgentHarness::Options options;
    options.capacity = {.cpus = 8, .gpus = 1, .memory = Bytes{100}};
    options.sweep.stages[0].resources = {.memory = Bytes{60}};
    options.sweep.stages.emplace_back();
    options.sweep.stages[1].resources = {.gpus = 1};
    AgentHarness harness(options);
    harness.connect();
    harness.assign({assignment_of(unit_at(0, 1)), assignment_of(unit_at(0, 0))});
    harness.assign({assignment_of(unit_at(1, 0)), assignment_of(unit_at(1, 1))});
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0, 1), unit_at(0, 0)));
}

TEST(Agent, RefusesAUnitThatNeverFitsTheNode) {
    AgentHarness::Options options;
    options.sweep.stages[0].resources = {.cpus = 3};
    AgentHarness harness(options);
    harness.connect();
    harness.assign(units(1));
    ASSERT_THAT(harness.ends(), SizeIs(1));
    EXPECT_EQ(harness.ends()[0].end.cause, Cause::spawn);
    EXPECT_THAT(harness.started(), IsEmpty());
}

TEST(Agent, RunsASuspectAlone) {
    AgentHarness harness;
    harness.connect();
    Assignment suspect = assignment_of(unit_at(1));
    suspect.alone = true;
    harness.assign({assignment_of(unit_at(0)), suspect, assignment_of(unit_at(2))});
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0)));
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1)));
    harness.finish(unit_at(1));
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(1), unit_at(2)));
}

TEST(Agent, SpoolsEveryReportAndNumbersThemFromOne) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(2));
    harness.finish(unit_at(0));
    harness.finish(unit_at(1));
    ASSERT_THAT(harness.ends(), SizeIs(2));
    EXPECT_EQ(harness.ends()[0].sequence, 1U);
    EXPECT_EQ(harness.ends()[1].sequence, 2U);
    EXPECT_THAT(harness.spooled, SizeIs(2));
}

TEST(Agent, OffersUnacknowledgedReportsAgainAfterAReconnect) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(3));
    harness.finish(unit_at(0));
    harness.finish(unit_at(1));
    harness.hear(Acknowledge{.through = 1});
    harness.subject.on_disconnected(harness.now);
    harness.finish(unit_at(2));
    harness.clear();
    harness.connect(2);
    ASSERT_THAT(harness.said<AgentHello>(), SizeIs(1));
    EXPECT_EQ(harness.said<AgentHello>()[0].first_unacknowledged, 2U);
    ASSERT_THAT(harness.ends(), SizeIs(2));
    EXPECT_EQ(harness.ends()[0].unit, unit_at(1));
    EXPECT_EQ(harness.ends()[1].unit, unit_at(2));
    EXPECT_THAT(harness.spooled, IsEmpty());
}

TEST(Agent, SpoolsWhatHappensWhileNobodyReigns) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.subject.on_disconnected(harness.now);
    harness.clear();
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.spooled, SizeIs(1));
    EXPECT_THAT(harness.messages, IsEmpty());
    EXPECT_THAT(harness.subject.unacknowledged(), SizeIs(1));
}

TEST(Agent, TellsWhatItHolds) {
    AgentHarness harness({.capacity = {.cpus = 1}});
    harness.connect();
    harness.assign(units(2));
    harness.clear();
    harness.connect(2);
    ASSERT_THAT(harness.said<AgentHello>(), SizeIs(1));
    EXPECT_THAT(
        harness.said<AgentHello>()[0].holding,
        ElementsAre(
            AssignedUnit{.unit = unit_at(0), .attempt = {1}},
            AssignedUnit{.unit = unit_at(1), .attempt = {1}}
        )
    );
}

TEST(Agent, KillsASupersededAttemptAndReportsNothing) {
    AgentHarness harness({.capacity = {.cpus = 1}});
    harness.connect();
    harness.assign(units(2));
    harness.clear();
    harness.hear(Welcome{
        .epoch = {1                                    },
        .superseded = { {.unit = unit_at(0), .attempt = {1}}, {.unit = unit_at(1), .attempt = {1}}}
    }
    );
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_TRUE(harness.ordered<EndAttempt>()[0].at_once);
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.spooled, IsEmpty());
    EXPECT_THAT(harness.subject.holding(), IsEmpty());
}

TEST(Agent, StartsANewAttemptOnlyWhenTheOldOneIsGone) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.hear(Welcome{.epoch = {1}, .superseded = {{.unit = unit_at(0), .attempt = {1}}}});
    harness.clear();
    harness.assign({assignment_of(unit_at(0), 2)});
    EXPECT_THAT(harness.started(), IsEmpty());
    harness.finish(unit_at(0), 1, Cause::superseded);
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0)));
}

// Found by seed 8038: a selection that is decided anew gives a unit another place in its stage.
TEST(Agent, StartsAUnitInItsNewPlaceOnlyWhenTheOldAttemptIsGone) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.hear(Welcome{.epoch = {1}, .superseded = {{.unit = unit_at(0), .attempt = {1}}}});
    harness.clear();
    Assignment moved = assignment_of(unit_at(0), 2);
    moved.unit = unit_at(1);
    harness.assign({moved});
    EXPECT_THAT(harness.started(), IsEmpty());
    harness.finish(unit_at(0), 1, Cause::superseded);
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(1)));
}

TEST(Agent, NeverGoesBackToALowerEpoch) {
    AgentHarness harness;
    harness.connect(3);
    harness.clear();
    harness.subject.on_disconnected(harness.now);
    harness.connect(2);
    EXPECT_THAT(harness.messages, IsEmpty());
    harness.hear(Assign{.units = units(1)}, 2);
    EXPECT_THAT(harness.started(), IsEmpty());
}

TEST(Agent, IgnoresAnAcknowledgementOfALowerEpoch) {
    AgentHarness harness;
    harness.connect(1);
    harness.assign(units(1));
    harness.connect(2);
    harness.finish(unit_at(0));
    harness.hear(Acknowledge{.through = 1}, 1);
    EXPECT_THAT(harness.subject.unacknowledged(), SizeIs(1));
}

TEST(Agent, IgnoresOrdersThatCameBeforeTheWelcome) {
    AgentHarness harness;
    harness.subject.on_connected(harness.now, {1});
    harness.hear(Assign{.units = units(1)});
    EXPECT_THAT(harness.started(), IsEmpty());
}

TEST(Agent, LeavesWhenItIsToldToInsteadOfBeingWelcomed) {
    AgentHarness harness;
    harness.subject.on_connected(harness.now, {1});
    harness.hear(Leave{.reason = "its allocation has ended", .at_once = true});
    EXPECT_TRUE(harness.exited);
}

TEST(Agent, RunsAnAttemptThatIsAssignedTwiceOnce) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.assign(units(1));
    EXPECT_THAT(harness.started(), SizeIs(1));
    harness.finish(unit_at(0));
    harness.assign(units(1));
    EXPECT_THAT(harness.started(), SizeIs(1));
}

TEST(Agent, GivesBackAQueuedUnitThatIsStopped) {
    AgentHarness harness({.capacity = {.cpus = 1}});
    harness.connect();
    harness.assign(units(2));
    harness.hear(StopAttempt{.unit = unit_at(1), .attempt = {1}, .cause = Cause::cancelled});
    ASSERT_THAT(harness.ends(), SizeIs(1));
    EXPECT_EQ(harness.ends()[0].end.cause, Cause::cancelled);
    EXPECT_EQ(harness.ends()[0].end.started_unix, Millis{0});
}

TEST(Agent, SendsHeartbeatsAlsoAfterAReconnect) {
    AgentHarness harness;
    harness.connect();
    harness.subject.on_disconnected(harness.now);
    harness.connect();
    harness.clear();
    for (int i = 0; i < 4; ++i) {
        harness.advance(harness.sweep.tuning.heartbeat_every);
    }
    EXPECT_THAT(harness.said<AgentHeartbeat>(), SizeIs(4));
    EXPECT_LE(harness.subject.next_tick(), harness.now.boot + harness.sweep.tuning.heartbeat_every);
}

TEST(Agent, SaysAtOnceThatItLeaves) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.clear();
    harness.hear(Leave{.reason = "not needed", .at_once = false});
    harness.advance(Millis{0});
    const auto beats = harness.said<AgentHeartbeat>();
    ASSERT_THAT(beats, SizeIs(1));
    EXPECT_TRUE(beats.front().leaving);
}

TEST(Agent, LooksForTheCoordinatorAnewWhenItIsSilentButWorksOn) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(3));
    harness.advance(harness.sweep.tuning.lost_after);
    EXPECT_TRUE(harness.reconnect);
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.finish(unit_at(0));
    EXPECT_THAT(harness.started(), SizeIs(3));
}

TEST(Agent, SaysHelloAgainWhenNothingIsAcknowledged) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.finish(unit_at(0));
    harness.clear();
    for (int i = 0; i < 13; ++i) {
        harness.advance(harness.sweep.tuning.heartbeat_every);
        harness.hear(CoordinatorHeartbeat{});
    }
    EXPECT_THAT(harness.said<AgentHello>(), SizeIs(1));
    EXPECT_THAT(harness.ends(), SizeIs(1));
}

TEST(Agent, ExitsWhenIdleAndLeaderlessForLong) {
    AgentHarness harness;
    harness.advance(harness.sweep.tuning.leaderless_exit - Millis{1});
    EXPECT_FALSE(harness.exited);
    harness.advance(Millis{1});
    EXPECT_TRUE(harness.exited);
}

TEST(Agent, WorksOnLeaderlessWhileItHasUnits) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.subject.on_disconnected(harness.now);
    harness.advance(2 * harness.sweep.tuning.leaderless_exit);
    EXPECT_FALSE(harness.exited);
    harness.finish(unit_at(0));
    harness.advance(Millis{1});
    EXPECT_TRUE(harness.exited);
}

TEST(Agent, LeavesInOrder) {
    AgentHarness harness({.capacity = {.cpus = 1}});
    harness.connect();
    harness.assign(units(2));
    harness.clear();
    harness.hear(Leave{.reason = "done"});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_FALSE(harness.ordered<EndAttempt>()[0].at_once);
    ASSERT_THAT(harness.ends(), SizeIs(1));
    EXPECT_EQ(harness.ends()[0].end.started_unix, Millis{0});
    EXPECT_THAT(harness.said<AgentGoodbye>(), IsEmpty());
    harness.finish(unit_at(0), 1, Cause::stop_request);
    EXPECT_THAT(harness.said<AgentGoodbye>(), SizeIs(1));
    EXPECT_FALSE(harness.exited);
    harness.hear(Acknowledge{.through = 2});
    EXPECT_TRUE(harness.exited);
}

TEST(Agent, LeavesThoughNobodyAcknowledges) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.finish(unit_at(0));
    harness.hear(Leave{.reason = "done"});
    EXPECT_FALSE(harness.exited);
    harness.advance(harness.sweep.tuning.suspect_after);
    EXPECT_TRUE(harness.exited);
}

TEST(Agent, StopsEverythingOnTermAndKillsWhatDoesNotObey) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.subject.on_terminate(harness.now);
    harness.advance(Millis{0});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].cause, Cause::preempted);
    harness.advance(harness.sweep.tuning.drain_slack);
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(2));
    EXPECT_TRUE(harness.ordered<EndAttempt>()[1].at_once);
}

TEST(Agent, TakesASecondTermForNoImpatience) {
    AgentHarness harness;
    harness.connect();
    harness.assign(units(1));
    harness.subject.on_terminate(harness.now);
    harness.subject.on_terminate(harness.now);
    harness.advance(Millis{0});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_FALSE(harness.ordered<EndAttempt>()[0].at_once);
}

TEST(Agent, EndsAUnitWhoseTimeoutIsUsedUp) {
    AgentHarness harness;
    harness.connect();
    Assignment bounded = assignment_of(unit_at(0));
    bounded.timeout_left = Millis{30'000};
    harness.assign({bounded});
    EXPECT_EQ(harness.ordered<StartAttempt>()[0].time_left, Millis{30'000});
    EXPECT_LE(harness.subject.next_tick(), harness.now.boot + Millis{30'000});
    harness.advance(Millis{29'999});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    harness.advance(Millis{1});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].cause, Cause::timeout);
}

}  // namespace
}  // namespace xorch
