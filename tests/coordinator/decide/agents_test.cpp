#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

Sweep train(int count = 6) {
    return make_sweep({make_stage("train", count)});
}

TEST(Agents, HearTheCoordinatorEveryFiveSeconds) {
    Harness harness(train());
    harness.join();
    harness.drain();
    harness.tick_after(0ms);
    EXPECT_THAT(told<CoordinatorHeartbeat>(harness.reign->take()), SizeIs(1));
    harness.tick_after(4'999ms);
    EXPECT_THAT(told<CoordinatorHeartbeat>(harness.reign->take()), IsEmpty());
    EXPECT_EQ(harness.reign->next_tick(), harness.now.boot + 1ms);
    harness.tick_after(1ms);
    EXPECT_THAT(told<CoordinatorHeartbeat>(harness.reign->take()), SizeIs(1));
}

TEST(Agents, GetNoNewWorkAfterFifteenSilentSeconds) {
    Harness harness(train());
    const IncarnationId silent = harness.join(0xa, "node-1", 1);
    const IncarnationId lively = harness.join(0xb, "node-2", 1);
    harness.tick_after(15s);
    harness.finish(lively, key(0, 1));
    EXPECT_THAT(harness.held(lively), ElementsAre(key(0, 2)));
    harness.request("r", "cancel", R"({"units": ["train/0"]})");
    EXPECT_THAT(harness.held(silent), IsEmpty());
    harness.tick_after(1s);
    EXPECT_THAT(harness.held(silent), IsEmpty());
    harness.say(silent, AgentHeartbeat{});
    EXPECT_THAT(harness.held(silent), ElementsAre(key(0, 3)));
}

TEST(Agents, ThatLeaveGetNoNewWork) {
    Harness harness(train());
    const IncarnationId agent = harness.join(0xa, "node-1", 1);
    harness.say(agent, AgentHeartbeat{.running = 1, .leaving = true});
    harness.finish(agent, harness.held(agent).front());
    EXPECT_THAT(harness.held(agent), IsEmpty());
}

TEST(Agents, LoseTheirUnitsAfterSixtySilentSeconds) {
    Harness harness(train(2));
    const IncarnationId silent = harness.join(0xa, "node-1");
    harness.take_facts();
    harness.tick_after(59'999ms);
    EXPECT_THAT(harness.take_facts(), IsEmpty());
    harness.tick_after(1ms);
    const auto facts = harness.take_facts();
    EXPECT_THAT(all_of<UnitGivenBack>(facts), SizeIs(2));
    EXPECT_THAT(all_of<AgentGone>(facts), SizeIs(1));
    EXPECT_THAT(harness.reign->take_spools_wanted(), ElementsAre(silent));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
}

TEST(Agents, ThatAreLostMayStillHaveFinishedInTheirSpool) {
    Harness harness(train(2));
    const IncarnationId silent = harness.join(0xa, "node-1");
    harness.tick_after(60s);
    const IncarnationId other = harness.join(0xb, "node-2");
    EXPECT_THAT(harness.held(other), IsEmpty()) << "the spool may know better";
    AttemptEnd end = ended(Cause::none);
    harness.reign->on_spooled(harness.now, silent, {harness.report(silent, key(0, 0), 1, end)});
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::done);
    EXPECT_THAT(harness.held(other), ElementsAre(key(0, 1)));
    harness.say(silent, harness.report(silent, key(0, 1), 1, end));
    EXPECT_EQ(harness.phase(key(0, 1)), UnitPhase::assigned) << "attempt 2 is current now";
}

TEST(Agents, AreToldWhichAttemptsAreSuperseded) {
    Harness harness(train(2));
    const IncarnationId silent = harness.join(0xa, "node-1");
    harness.tick_after(60s);
    harness.drain();
    const AssignedUnit old{key(0, 0), AttemptNumber{1}};
    harness.hello(silent, {old});
    const auto welcome = told<Welcome>(harness.drain());
    ASSERT_THAT(welcome, SizeIs(1));
    EXPECT_THAT(welcome.front().superseded, ElementsAre(old));
}

TEST(Agents, KeepTheirUnitsWhenANewEpochBegins) {
    Harness harness(train(2));
    const IncarnationId agent = harness.join();
    harness.crash();
    harness.drain();
    EXPECT_THAT(harness.reign->take_spools_wanted(), ElementsAre(agent));
    harness.hello(
        agent,
        {
            {key(0, 0), AttemptNumber{1}},
            {key(0, 1), AttemptNumber{1}}
    }
    );
    const auto welcome = told<Welcome>(harness.drain());
    ASSERT_THAT(welcome, SizeIs(1));
    EXPECT_THAT(welcome.front().superseded, IsEmpty());
    EXPECT_EQ(welcome.front().epoch, EpochNumber{2});
    harness.finish(agent, key(0, 0));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::done);
}

TEST(Agents, ThatANewEpochDoesNotHearAreGivenSixtySeconds) {
    Harness harness(train(2));
    harness.join();
    harness.tick_after(59s);
    harness.crash();
    harness.tick_after(59s);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned);
    harness.tick_after(1s);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
}

TEST(Agents, GetUnitsThatWereLostOnTheWayAgain) {
    Harness harness(train(2));
    const IncarnationId agent = harness.join();
    harness.crash();
    harness.hello(
        agent,
        {
            {key(0, 0), AttemptNumber{1}}
    }
    );
    harness.drain();
    harness.say(agent, AgentHeartbeat{.allocation_left = 0ms, .running = 1, .queued = 0});
    const auto again = told<AssignKeys>(harness.drain());
    ASSERT_THAT(again, SizeIs(1));
    EXPECT_THAT(
        again.front().units,
        ElementsAre(
            AssignedUnit{key(0, 0), AttemptNumber{1}}, AssignedUnit{key(0, 1), AttemptNumber{1}}
        )
    );
}

TEST(Agents, AreNotSentAgainWhatTheirReportsExplain) {
    Harness harness(train(2));
    const IncarnationId agent = harness.join();
    harness.hello(
        agent,
        {
            {key(0, 0), AttemptNumber{1}}
    }
    );
    harness.finish(agent, key(0, 1));
    harness.drain();
    harness.say(agent, AgentHeartbeat{.allocation_left = 0ms, .running = 1, .queued = 0});
    EXPECT_THAT(told<AssignKeys>(harness.drain()), IsEmpty());
}

TEST(Agents, ReplaceTheDeadOnesOfTheirNodeAtOnce) {
    Harness harness(train(2));
    harness.join(0xa);
    const IncarnationId next = harness.join(0xb);
    EXPECT_TRUE(harness.state().find_agent(agent_a)->gone);
    harness.reign->on_spooled(harness.now, agent_a, {});
    EXPECT_THAT(harness.held(next), SizeIs(2));
}

TEST(Agents, OfAnEndedAllocationAreSentAway) {
    Harness harness(train(2));
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationEnded{AllocationId{1}, "time"}
    }
    );
    harness.drain();
    harness.join();
    EXPECT_THAT(told<Leave>(harness.drain()), SizeIs(1));
    EXPECT_TRUE(harness.state().present_agents().empty());
}

// Joins agents that die with whatever they run.
IncarnationId next_agent(Harness& harness, std::uint64_t number) {
    const IncarnationId agent = harness.join(number, "node-1", 2);
    harness.reign->on_spooled(harness.now, IncarnationId{number - 1}, {});
    return agent;
}

TEST(Agents, ThatDieWithAUnitThatRunsAloneAreForgivenAsOftenAsItsRetries) {
    Sweep sweep = train(1);
    sweep.stages[0].limits.retries = 1;
    Harness harness(std::move(sweep));
    std::uint64_t number = 10;
    for (int deaths = 0; deaths < 3; ++deaths)
        next_agent(harness, number++);
    next_agent(harness, number++);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned) << "one death alone is forgiven";
    EXPECT_EQ(harness.state().unit(key(0, 0)).own_failures, 0) << "and is no failure of its own";
    next_agent(harness, number++);
    EXPECT_EQ(harness.state().unit(key(0, 0)).cause, Cause::poison);
}

TEST(Agents, ThatDieTwiceWithAUnitTryItAloneAndThenBlameIt) {
    Sweep sweep = train(2);
    sweep.stages[0].limits.retries = 0;
    Harness harness(std::move(sweep));
    std::uint64_t number = 10;
    next_agent(harness, number++);
    next_agent(harness, number++);
    EXPECT_EQ(harness.state().unit(key(0, 0)).agent_deaths, 1);
    const IncarnationId third = next_agent(harness, number++);
    ASSERT_THAT(harness.held(third), ElementsAre(key(0, 0))) << "alone, in spite of two slots";
    EXPECT_TRUE(harness.state().find_agent(third)->runs_alone);
    const IncarnationId fourth = next_agent(harness, number++);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::failed);
    EXPECT_EQ(harness.state().unit(key(0, 0)).cause, Cause::poison);
    EXPECT_THAT(harness.held(fourth), ElementsAre(key(0, 1)));
    harness.finish(fourth, key(0, 1));
    EXPECT_TRUE(harness.state().complete());
}

TEST(Agents, ThatSayGoodbyeBlameNobody) {
    Harness harness(train(2));
    const IncarnationId agent = harness.join();
    harness.say(agent, AgentGoodbye{"its time is up"});
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
    EXPECT_EQ(harness.state().unit(key(0, 0)).agent_deaths, 0);
    EXPECT_TRUE(harness.state().find_agent(agent)->gone);
}

}  // namespace
}  // namespace xorch
