// Lanes on Slurm: successors that are queued before anything runs, as many lanes as the work fills,
// refusals that are waited out, and a reign that is handed over.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Sweep on_slurm(int units, std::uint32_t max_allocations = 1) {
    Sweep sweep = make_sweep({make_stage("train", units)});
    sweep.backend = BackendKind::slurm;
    sweep.slurm.max_allocations = max_allocations;
    return sweep;
}

// The harness says at its start that the first allocation runs.
struct SlurmHarness : Harness {
    using Harness::Harness;

    void event(decltype(AllocationEvent::what) what) {
        reign->on_allocation(now, {std::move(what)});
    }

    void submitted(std::uint32_t allocation) {
        const AllocationId id{allocation};
        event(AllocationSubmitted{id, "job-" + std::to_string(allocation)});
    }
};

TEST(SlurmLane, QueuesASuccessorBehindTheAllocationThatRuns) {
    SlurmHarness harness(on_slurm(2));
    const std::vector<AllocationState>& all = harness.state().allocations();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[1].after, AllocationId{1});
    EXPECT_EQ(all[1].lane, 0U);
}

TEST(SlurmLane, NamesTheJobThatASuccessorWaitsFor) {
    Sweep sweep = on_slurm(2);
    MemoryJournal journal;
    const Now now{1'000s, 1'700'000'000s};
    Reign reign(make_state(sweep), EpochNumber{1}, journal, now);
    reign.on_tick(now);
    reign.on_allocation(
        now,
        {
            AllocationSubmitted{AllocationId{1}, "4711"}
    }
    );
    reign.on_allocation(
        now,
        {
            AllocationStarted{AllocationId{1}, {}}
    }
    );
    reign.on_durable(now, journal.entries.size());
    const auto orders = said<StartAllocation>(reign.take());
    ASSERT_THAT(orders, SizeIs(2));
    EXPECT_EQ(orders[0].after_job, "");
    EXPECT_EQ(orders[1].after_job, "4711");
}

TEST(SlurmLane, GivesNoUnitBeforeTheSuccessorIsQueued) {
    SlurmHarness harness(on_slurm(2));
    const IncarnationId agent = harness.join();
    EXPECT_THAT(harness.held(agent), IsEmpty());
    harness.submitted(2);
    EXPECT_THAT(harness.held(agent), SizeIs(2));
}

TEST(SlurmLane, DoesNotWaitForEverForTheSuccessor) {
    SlurmHarness harness(on_slurm(2));
    const IncarnationId agent = harness.join();
    harness.tick_after(29s);
    harness.say(agent, AgentHeartbeat{});
    EXPECT_THAT(harness.held(agent), IsEmpty());
    EXPECT_LE(harness.reign->next_tick(), harness.now.boot + 1s);
    harness.tick_after(1s);
    EXPECT_THAT(harness.held(agent), SizeIs(2));
}

TEST(SlurmLane, WorksOnWhenTheSuccessorIsRefused) {
    SlurmHarness harness(on_slurm(2));
    const IncarnationId agent = harness.join();
    harness.event(AllocationRefused{AllocationId{2}, "QOSMaxSubmitJobPerUserLimit", false});
    EXPECT_THAT(harness.held(agent), SizeIs(2));
    EXPECT_FALSE(harness.state().paused());
}

TEST(SlurmLane, AsksAgainAfterAMinuteThenAfterTwo) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationRefused{AllocationId{2}, "limit", false});
    harness.tick_after(59s);
    EXPECT_THAT(harness.state().allocations(), SizeIs(2));
    harness.tick_after(1s);
    ASSERT_THAT(harness.state().allocations(), SizeIs(3));
    harness.event(AllocationRefused{AllocationId{3}, "limit", false});
    harness.tick_after(119s);
    EXPECT_THAT(harness.state().allocations(), SizeIs(3));
    harness.tick_after(1s);
    EXPECT_THAT(harness.state().allocations(), SizeIs(4));
}

TEST(SlurmLane, WorksOnWhenNoMoreAllocationsAreToBeHad) {
    SlurmHarness harness(on_slurm(2));
    const IncarnationId agent = harness.join();
    harness.event(AllocationRefused{AllocationId{2}, "invalid account", true});
    EXPECT_THAT(harness.held(agent), SizeIs(2));
    harness.tick_after(1h);
    EXPECT_THAT(harness.state().allocations(), SizeIs(2)) << "nobody asks again";
}

TEST(SlurmLane, PausesOnceTheLastAllocationEndedAndNoMoreAreToBeHad) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationRefused{AllocationId{2}, "invalid account", true});
    harness.event(AllocationEnded{AllocationId{1}, "time limit"});
    EXPECT_THAT(harness.state().pause_reason(), HasSubstr("invalid account"));
}

TEST(SlurmLane, OpensAsManyLanesAsTheUnitsFill) {
    SlurmHarness harness(on_slurm(5, 8));
    harness.submitted(2);
    harness.join(0xa, "node-1", 2);
    // Five units on two CPUs each: three lanes, each with one successor at most.
    std::set<std::uint32_t> lanes;
    for (const AllocationState& each : harness.state().allocations()) {
        if (!each.ended) lanes.insert(each.lane);
    }
    EXPECT_THAT(lanes, ElementsAre(0U, 1U, 2U));
}

TEST(SlurmLane, NeverOpensMoreLanesThanAllowed) {
    SlurmHarness harness(on_slurm(1'000, 3));
    std::set<std::uint32_t> lanes;
    for (const AllocationState& each : harness.state().allocations())
        lanes.insert(each.lane);
    EXPECT_THAT(lanes, ElementsAre(0U, 1U, 2U));
}

TEST(SlurmLane, GivesBackQueuedAllocationsThatTheWorkNoLongerFills) {
    SlurmHarness harness(on_slurm(3, 2));
    harness.submitted(2);
    harness.submitted(3);
    const IncarnationId agent = harness.join();
    ASSERT_THAT(harness.held(agent), SizeIs(2));
    harness.drain();
    harness.finish(agent, harness.held(agent).front());
    const auto ended = said<EndAllocation>(harness.drain());
    ASSERT_THAT(ended, SizeIs(1));
    const AllocationState& given_back =
        harness.state().allocations()[ended.front().allocation.value - 1];
    EXPECT_EQ(given_back.lane, 1U);
    EXPECT_FALSE(ended.front().started);
    EXPECT_EQ(harness.state().barren_allocations(), 0U);
}

TEST(SlurmLane, CancelsAJobThatWasSubmittedAfterItWasGivenUp) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationEnded{AllocationId{2}, std::string(reason_not_needed)});
    harness.drain();
    harness.submitted(2);
    EXPECT_THAT(said<EndAllocation>(harness.drain()), SizeIs(1));
}

TEST(SlurmLane, TakesTheEndOfAnAllocationFromItsFirstAgent) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(2);
    harness.event(AllocationEnded{AllocationId{1}, "time limit"});
    AgentHello hello;
    hello.incarnation = {0xb};
    hello.allocation = {2};
    hello.node = "node-2";
    hello.capacity.cpus = 2;
    hello.allocation_left = 10min;
    harness.say({0xb}, hello);
    EXPECT_TRUE(harness.state().allocations()[1].started);
    EXPECT_EQ(harness.state().allocations()[1].end_unix, harness.now.unix + 10min);
}

TEST(SlurmLane, TellsAgentsWhenTheEndMoves) {
    SlurmHarness harness(on_slurm(2));
    harness.join();
    harness.event(AllocationStarted{AllocationId{1}, harness.now.unix + 1h});
    harness.drain();
    harness.tick_after(10s);
    const auto beats = told<CoordinatorHeartbeat>(harness.drain());
    ASSERT_THAT(beats, SizeIs(1));
    EXPECT_EQ(beats.front().allocation_left, 1h - 10s);
}

TEST(SlurmLane, LearnsOnceWhenAnAllocationBegan) {
    SlurmHarness harness(on_slurm(2));
    harness.join();
    const Millis end = harness.state().allocations()[0].end_unix;
    const Millis began = harness.now.unix - 20s;
    harness.event(AllocationStarted{AllocationId{1}, end, began});
    EXPECT_EQ(harness.state().allocations()[0].began_unix, began);
    harness.event(AllocationStarted{AllocationId{1}, end, began - 1s});
    EXPECT_EQ(harness.state().allocations()[0].began_unix, began);
    harness.event(AllocationStarted{AllocationId{1}, end + 1h, Millis{0}});
    EXPECT_EQ(harness.state().allocations()[0].began_unix, began);
}

TEST(SlurmLane, KeepsTheEndWhenTheClockOfPeopleJumps) {
    SlurmHarness harness(on_slurm(2));
    harness.join();
    harness.event(AllocationStarted{AllocationId{1}, harness.now.unix + 1h});
    harness.drain();
    harness.now.unix += 30min;
    harness.tick_after(10s);
    const auto beats = told<CoordinatorHeartbeat>(harness.drain());
    ASSERT_THAT(beats, SizeIs(1));
    EXPECT_EQ(beats.front().allocation_left, 1h - 10s);
}

TEST(SlurmLane, BelievesAgentsThatSpeakMoreThanAForgetfulQueue) {
    SlurmHarness harness(on_slurm(2));
    harness.join();
    harness.event(AllocationEnded{AllocationId{1}, std::string(reason_forgotten)});
    EXPECT_FALSE(harness.state().allocations()[0].ended);
    harness.tick_after(61s);
    harness.drain();
    harness.event(AllocationEnded{AllocationId{1}, std::string(reason_forgotten)});
    EXPECT_TRUE(harness.state().allocations()[0].ended);
    const auto ended = said<EndAllocation>(harness.drain());
    ASSERT_THAT(ended, SizeIs(1)) << "nobody needs to look for it any more";
    EXPECT_EQ(ended.front().allocation, AllocationId{1});
    EXPECT_FALSE(ended.front().started) << "if it lives after all, it is cancelled";
}

TEST(SlurmLane, AsksAgainForWhatWasRefusedForGoodWhenAPersonDoes) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationRefused{AllocationId{2}, "invalid account", true});
    harness.event(AllocationEnded{AllocationId{1}, "time limit"});
    ASSERT_TRUE(harness.state().paused());
    harness.crash();
    harness.reign->ask_anew(harness.now);
    harness.reign->on_tick(harness.now);
    EXPECT_FALSE(harness.state().paused());
    EXPECT_THAT(harness.state().allocations(), SizeIs(3));
}

TEST(HandOver, SaysWhyNobodyFollows) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationRefused{AllocationId{2}, "Access denied", true});
    harness.drain();
    harness.reign->on_hand_over(harness.now);
    const auto notes = said<Notification>(harness.drain());
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_THAT(notes.front().text, HasSubstr("refused the next one: Access denied"));
}

TEST(SlurmLane, KeepsTheOnlyLaneThatLives) {
    SlurmHarness harness(on_slurm(3, 2));
    harness.submitted(2);
    ASSERT_EQ(harness.state().allocations()[1].lane, 1U);
    harness.event(AllocationRefused{AllocationId{3}, "limit", false});
    harness.event(AllocationEnded{AllocationId{1}, "time limit"});
    harness.request("r1", "cancel", R"({"ranges":[{"stage":"train","first":1,"count":2}]})");
    EXPECT_FALSE(harness.state().allocations()[1].ended) << "lane 0 has nothing";
    harness.tick_after(10min);
    ASSERT_EQ(harness.state().allocations().back().lane, 0U);
    EXPECT_FALSE(harness.state().allocations()[1].ended) << "lane 0 may be refused again";
    harness.submitted(harness.state().allocations().back().allocation.value);
    EXPECT_TRUE(harness.state().allocations()[1].ended);
}

TEST(SlurmLane, QueuesNothingBehindAJobWhoseNumberIsNotKnownYet) {
    const Now now{1'000s, 1'700'000'000s};
    MemoryJournal journal;
    Reign reign(make_state(on_slurm(2)), EpochNumber{1}, journal, now);
    reign.on_tick(now);
    reign.on_allocation(
        now,
        {
            AllocationStarted{AllocationId{1}, {}}
    }
    );
    EXPECT_THAT(reign.state().allocations(), SizeIs(1)) << "its successor would run at once";
    reign.on_allocation(
        now,
        {
            AllocationSubmitted{AllocationId{1}, "4711"}
    }
    );
    EXPECT_THAT(reign.state().allocations(), SizeIs(2));
}

TEST(SlurmLane, BelievesAnAgentOfARequeuedJobWhoseOldEndHasPassed) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationStarted{AllocationId{1}, harness.now.unix + 1min});
    harness.tick_after(2min);
    AgentHello hello;
    hello.incarnation = {0xb};
    hello.allocation = {1};
    hello.node = "node-2";
    hello.capacity.cpus = 2;
    hello.allocation_left = 10min;
    harness.say({0xb}, hello);
    EXPECT_EQ(harness.state().allocations()[0].end_unix, harness.now.unix + 10min);
}

TEST(HandOver, AsksForAnHeirIfNobodyNamesTheJobThatTheJournalCallsQueued) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.submitted(2);
    harness.drain();
    harness.crash();
    harness.take_facts();
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    EXPECT_THAT(all_of<AllocationIntended>(harness.take_facts()), IsEmpty()) << "it may be named";
    harness.tick_after(3s);
    EXPECT_THAT(all_of<AllocationIntended>(harness.take_facts()), SizeIs(1));
    EXPECT_FALSE(harness.reign->finished());
}

TEST(HandOver, DoesNotTakeAJobForItsHeirThatIsNamedAndOverInOneAnswer) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.drain();
    harness.crash();
    harness.take_facts();
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    const AllocationId second{2};
    harness.reign->on_allocations(
        harness.now, {{AllocationSubmitted{second, "4712"}}, {AllocationEnded{second, "PREEMPTED"}}}
    );
    const std::vector<Fact> facts = harness.take_facts();
    EXPECT_THAT(all_of<EpochEnded>(facts), IsEmpty());
    EXPECT_THAT(all_of<AllocationIntended>(facts), SizeIs(1));
}

TEST(HandOver, IsNotToAnAllocationWhoseAgentsLeave) {
    SlurmHarness harness(on_slurm(3, 2));
    harness.submitted(2);
    harness.event(AllocationRefused{AllocationId{3}, "limit", false});
    harness.event(AllocationStarted{AllocationId{2}, {}});
    AgentHello hello;
    hello.incarnation = {0xb};
    hello.allocation = {2};
    hello.node = "node-2";
    hello.capacity.cpus = 2;
    harness.say({0xb}, hello);
    harness.say({0xb}, AgentHeartbeat{.running = 1, .leaving = true});
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    EXPECT_THAT(all_of<EpochEnded>(harness.take_facts()), IsEmpty());
    harness.say({0xb}, AgentHeartbeat{.running = 1});
    EXPECT_THAT(all_of<EpochEnded>(harness.take_facts()), SizeIs(1));
}

TEST(HandOver, DoesNotForgetAStopThatWasAskedFor) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.submitted(2);
    harness.join();
    harness.reign->on_stop_requested(harness.now, false);
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    harness.tick_after(20s);
    const auto ended = all_of<EpochEnded>(harness.take_facts());
    ASSERT_THAT(ended, SizeIs(1));
    EXPECT_EQ(ended.front().reason, reason_stop_requested);
}

TEST(HandOver, EndsTheEpochAndNothingElse) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(2);
    const IncarnationId agent = harness.join();
    harness.drain();
    harness.take_facts();
    harness.reign->on_hand_over(harness.now);
    EXPECT_THAT(harness.take_facts(), ElementsAre(Fact{EpochEnded{"handed over"}}));
    EXPECT_THAT(harness.drain(), IsEmpty());
    EXPECT_TRUE(harness.reign->finished());
    EXPECT_THAT(harness.held(agent), SizeIs(2));
}

TEST(HandOver, NotifiesWhenNobodyFollows) {
    SlurmHarness harness(on_slurm(2));
    harness.event(AllocationRefused{AllocationId{2}, "limit", false});
    harness.drain();
    harness.reign->on_hand_over(harness.now);
    const auto notes = said<Notification>(harness.drain());
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_EQ(notes.front().event, "stranded");
}

TEST(HandOver, OfAnAllocationThatGoesWaitsUntilItsSuccessorIsQueued) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    harness.drain();
    EXPECT_FALSE(harness.reign->finished()) << "nobody else would come";
    harness.submitted(2);
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
}

TEST(HandOver, OfTheLastAllocationAsksForAnother) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.submitted(2);
    harness.take_facts();
    // The first one runs, says the journal; none of its agents did.
    harness.reign->on_hand_over(harness.now, AllocationId{2});
    const auto intended = all_of<AllocationIntended>(harness.take_facts());
    ASSERT_THAT(intended, SizeIs(1));
    EXPECT_EQ(intended.front().after, AllocationId{2});
    harness.submitted(3);
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
}

TEST(HandOver, DoesNotWaitForeverForABatchSystemThatDoesNotAnswer) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(1);
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    harness.drain();
    harness.tick_after(Millis{20'000});
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
}

TEST(HandOver, SendsNobodyHomeWhoComesBeforeTheNextReign) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(2);
    const IncarnationId agent = harness.join();
    harness.reign->on_hand_over(harness.now);
    harness.drain();
    harness.hello(agent, {});
    EXPECT_THAT(harness.drain(), IsEmpty());
}

TEST(HandOver, LeavesASweepThatIsRunOnByTheNextReign) {
    SlurmHarness harness(on_slurm(2));
    harness.submitted(2);
    const IncarnationId agent = harness.join();
    harness.reign->on_hand_over(harness.now);
    harness.drain();
    harness.crash();
    harness.hello(
        agent,
        {
            {key(0, 0), AttemptNumber{1}},
            {key(0, 1), AttemptNumber{1}}
    }
    );
    harness.run_to_end(agent);
    EXPECT_TRUE(harness.state().complete());
}

}  // namespace
}  // namespace xorch
