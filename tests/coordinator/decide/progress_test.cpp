#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

Sweep wary(int count, std::uint32_t retries = 0) {
    Stage stage = make_stage("train", count);
    stage.canary = true;
    stage.limits.retries = retries;
    return make_sweep({stage});
}

AttemptEnd import_error() {
    AttemptEnd end = ended(Cause::user_error, 5s);
    end.message = "exit code 1";
    end.tail = "Traceback\nImportError: no module named torch\n";
    return end;
}

void fail_units(Harness& harness, IncarnationId agent, std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) {
        harness.end(agent, key(0, i), import_error());
    }
}

TEST(Canary, WavesAreOneUnitThenFourThenAll) {
    Harness harness(wary(20));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    EXPECT_THAT(harness.held(agent), SizeIs(1));
    harness.finish(agent, key(0, 0));
    EXPECT_THAT(harness.held(agent), SizeIs(4));
    for (std::uint32_t i = 1; i <= 3; ++i) {
        harness.finish(agent, key(0, i));
        EXPECT_THAT(harness.held(agent), SizeIs(4 - i));
    }
    harness.finish(agent, key(0, 4));
    EXPECT_THAT(harness.held(agent), SizeIs(8));
}

TEST(Canary, ThatRanLongEnoughIsGood) {
    Harness harness(wary(20));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    harness.started(agent, key(0, 0));
    EXPECT_LE(harness.reign->next_tick(), harness.now.boot + 30s);
    harness.tick_after(29s);
    harness.say(agent, AgentHeartbeat{.allocation_left = 0ms, .running = 1, .queued = 0});
    EXPECT_THAT(harness.held(agent), SizeIs(1));
    harness.tick_after(1s);
    EXPECT_THAT(harness.held(agent), SizeIs(5));
}

TEST(Canary, ThatSealedACheckpointIsGood) {
    Harness harness(wary(20));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    harness.sealed(agent, key(0, 0), 1, 5);
    EXPECT_THAT(harness.held(agent), SizeIs(5));
}

TEST(Canary, ThatFailsForGoodIsFollowedByFourOthers) {
    Harness harness(wary(405, 1));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    harness.end(agent, key(0, 0), import_error());
    EXPECT_THAT(harness.held(agent), IsEmpty()) << "it has a second try";
    harness.tick_after(1s);
    harness.drain();
    harness.end(agent, key(0, 0), import_error());
    EXPECT_FALSE(harness.state().paused()) << "its parameters may be nobody else's";
    EXPECT_THAT(harness.held(agent), SizeIs(4));
}

TEST(Canary, WavesThatFailAlikePauseTheSweepAndSayWhy) {
    Harness harness(wary(405));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    fail_units(harness, agent, 0, 5);
    ASSERT_TRUE(harness.state().paused());
    const std::string& reason = harness.state().pause_reason();
    EXPECT_THAT(reason, HasSubstr("ImportError: no module named torch"));
    EXPECT_THAT(reason, HasSubstr("4 units in a row failed alike"));
    EXPECT_THAT(reason, HasSubstr("400 units are untouched"));
    EXPECT_THAT(reason, HasSubstr("xorch logs train/1"));
    EXPECT_THAT(reason, HasSubstr("xorch retry"));
    EXPECT_EQ(harness.state().stage(StageIndex{0}).in(UnitPhase::failed), 5U);
}

TEST(Canary, WaveThatFailsEndsTheReignOfItsSweepAndItsAllocation) {
    Harness harness(wary(405));
    const IncarnationId agent = harness.join(0xa, "node-1", 8);
    fail_units(harness, agent, 0, 4);
    harness.drain();
    fail_units(harness, agent, 4, 1);
    const auto messages = harness.drain();
    EXPECT_THAT(said<EndAllocation>(messages), SizeIs(1));
    EXPECT_THAT(told<Leave>(messages), SizeIs(1));
    ASSERT_THAT(said<Notification>(messages), SizeIs(1));
    EXPECT_EQ(said<Notification>(messages)[0].event, "paused");
    EXPECT_TRUE(harness.reign->finished());
}

TEST(Canary, WaveThatFailsAlikePausesAndUnequalFailuresGoOn) {
    for (const bool alike : {true, false}) {
        Harness harness(wary(20));
        const IncarnationId agent = harness.join(0xa, "node-1", 8);
        harness.finish(agent, key(0, 0));
        for (std::uint32_t i = 1; i <= 4; ++i) {
            AttemptEnd end = import_error();
            if (!alike && i == 3) end.exit_code = 7;
            harness.end(agent, key(0, i), end);
        }
        EXPECT_EQ(harness.state().paused(), alike);
        EXPECT_EQ(harness.held(agent).size(), alike ? 0U : 8U);
    }
}

TEST(Canary, IsTriedAgainByRetryAndPassedOverByContinue) {
    for (const std::string verb : {"retry", "continue"}) {
        Harness harness(wary(20));
        const IncarnationId first = harness.join(0xa, "node-1", 8);
        fail_units(harness, first, 0, 5);
        harness.crash();
        harness.request("again", verb);
        EXPECT_FALSE(harness.state().paused());
        harness.reign->on_allocation(
            harness.now,
            {
                AllocationStarted{AllocationId{2}, {}}
        }
        );
        AgentHello hello;
        hello.incarnation = agent_b;
        hello.allocation = {2};
        hello.node = "node-1";
        hello.capacity.cpus = 8;
        harness.say(agent_b, hello);
        EXPECT_EQ(harness.held(agent_b).size(), verb == "retry" ? 4U : 8U);
    }
}

TEST(Progress, SendsAnAgentHomeThatComesAfterTheEnd) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    harness.run_to_end(harness.join());
    harness.drain();
    harness.take_facts();
    harness.hello(IncarnationId{0xb}, {});
    EXPECT_THAT(told<Leave>(harness.drain()), SizeIs(1));
    EXPECT_THAT(harness.take_facts(), IsEmpty());
}

TEST(Progress, CompletesWithEverybodySentHome) {
    Harness harness(make_sweep({make_stage("train", 2)}));
    const IncarnationId agent = harness.join();
    harness.drain();
    harness.take_facts();
    harness.run_to_end(agent);
    const auto facts = harness.take_facts();
    EXPECT_THAT(all_of<EpochEnded>(facts), ElementsAre(EpochEnded{"complete"}));
    EXPECT_THAT(all_of<AgentGone>(facts), SizeIs(1));
    EXPECT_FALSE(harness.reign->finished()) << "nothing is durable yet";
    const auto messages = harness.drain();
    EXPECT_THAT(told<Leave>(messages), SizeIs(1));
    EXPECT_THAT(told<Acknowledge>(messages), SizeIs(2));
    EXPECT_THAT(said<EndAllocation>(messages), SizeIs(1));
    ASSERT_THAT(said<Notification>(messages), SizeIs(1));
    EXPECT_EQ(said<Notification>(messages).front().event, "done");
    EXPECT_TRUE(harness.reign->finished());
}

TEST(Progress, NotifiesOfTheFirstFailureOnce) {
    Stage stage = make_stage("train", 4);
    stage.limits.retries = 0;
    Harness harness(make_sweep({stage}));
    const IncarnationId agent = harness.join();
    harness.drain();
    AttemptEnd end = import_error();
    for (int line = 0; line < 40; ++line)
        end.tail += "line " + std::to_string(line) + "\n";
    harness.end(agent, key(0, 0), end);
    const auto sent = said<Notification>(harness.drain());
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_THAT(sent.front().text, HasSubstr("line 20\n"));
    EXPECT_THAT(sent.front().text, testing::Not(HasSubstr("line 19\n")));
    harness.end(agent, key(0, 1), end);
    EXPECT_THAT(said<Notification>(harness.drain()), IsEmpty());
}

// small -> best -> large.
Sweep promoting(std::uint32_t take = 1) {
    Stage small = make_stage("small", 3);
    small.limits.retries = 0;
    Stage large = make_stage("large", 2);
    large.axes.front().name = "repeat";
    large.argv = {"large", "{i}", "{repeat}"};
    large.promote = "best";
    Sweep sweep = make_sweep({small, large});
    Select best;
    best.name = "best";
    best.from = "small";
    best.order = {
        {.metric = "loss", .minimise = true}
    };
    best.take = take;
    sweep.selects = {best};
    return sweep;
}

TEST(Progress, DecidesASelectionWhenItsStageIsFinal) {
    Harness harness(promoting());
    const IncarnationId agent = harness.join();
    harness.take_facts();
    harness.finish(agent, key(0, 0), "{\"loss\": 3}\n");
    harness.finish(agent, key(0, 1), "{\"loss\": 1}\n");
    EXPECT_THAT(all_of<SelectionDecided>(harness.take_facts()), IsEmpty());
    harness.finish(agent, key(0, 2), "{\"loss\": 2}\n");
    const auto decided = all_of<SelectionDecided>(harness.take_facts());
    ASSERT_THAT(decided, SizeIs(1));
    EXPECT_THAT(decided.front().chosen, ElementsAre(key(0, 1)));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(1, 0), key(1, 1)));
}

TEST(Progress, EndsAfterARefusedSelection) {
    Harness harness(promoting(4));
    const IncarnationId agent = harness.join();
    harness.run_to_end(agent);
    EXPECT_TRUE(harness.state().select(0).refused);
    EXPECT_TRUE(harness.state().complete());
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
}

TEST(Progress, StopsUnitsThatASelectionDecidedAnewReplaces) {
    Harness harness(promoting());
    const IncarnationId agent = harness.join();
    harness.finish(agent, key(0, 0), "{\"loss\": 3}\n");
    harness.finish(agent, key(0, 1), "{\"loss\": 2}\n");
    harness.end(agent, key(0, 2), import_error());
    ASSERT_THAT(harness.held(agent), ElementsAre(key(1, 0), key(1, 1)));
    harness.finish(agent, key(1, 1));
    harness.request("r", "retry");
    ASSERT_THAT(harness.held(agent), ElementsAre(key(1, 0), key(0, 2)));
    harness.drain();
    harness.finish(agent, key(0, 2), "{\"loss\": 1}\n");
    const auto stops = told<StopAttempt>(harness.drain());
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_EQ(stops.front().unit, key(1, 0));
    EXPECT_EQ(stops.front().cause, Cause::superseded);
    EXPECT_EQ(harness.state().unit(key(1, 0)).attempt, 2U);
}

TEST(Progress, AsksForTheResultOfAnEqualUnitThatWasDoneBefore) {
    Sweep sweep = promoting();
    sweep.stages[1].axes.clear();
    sweep.stages[1].argv = sweep.stages[0].argv;
    Harness harness(std::move(sweep));
    const IncarnationId agent = harness.join();
    harness.run_to_end(agent);
    EXPECT_TRUE(harness.state().select(0).refused) << "no unit reported a loss";

    Harness other([] {
        Sweep same = promoting();
        same.stages[1].axes.clear();
        same.stages[1].argv = same.stages[0].argv;
        return same;
    }());
    const IncarnationId second = other.join();
    other.drain();
    for (std::uint32_t i = 0; i < 3; ++i)
        other.finish(second, key(0, i), "{\"loss\": 2}\n");
    const auto wanted = said<AdoptionWanted>(other.drain());
    ASSERT_THAT(wanted, SizeIs(1));
    EXPECT_EQ(wanted.front().unit, key(1, 0));
    EXPECT_EQ(wanted.front().same, key(0, 0));
    other.reign->on_adopted(
        other.now,
        {
            {key(1, 0), "small/0", ended(Cause::none)}
    }
    );
    EXPECT_TRUE(other.state().complete());
}

TEST(Lane, IntendsTheNextAllocationWhenOneEnds) {
    Harness harness(make_sweep({make_stage("train", 4)}));
    const IncarnationId agent = harness.join();
    harness.finish(agent, key(0, 0));
    harness.drain();
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationEnded{AllocationId{1}, "time"}
    }
    );
    const auto started = said<StartAllocation>(harness.drain());
    ASSERT_THAT(started, SizeIs(1));
    EXPECT_EQ(started.front().allocation, AllocationId{2});
    EXPECT_EQ(harness.phase(key(0, 1)), UnitPhase::ready) << "its agent went with the allocation";
}

TEST(Lane, StopsAfterThreeAllocationsWithoutProgress) {
    Harness harness(make_sweep({make_stage("train", 4)}));
    for (std::uint32_t a = 1; a <= 3; ++a) {
        EXPECT_FALSE(harness.state().paused());
        harness.reign->on_allocation(
            harness.now,
            {
                AllocationEnded{AllocationId{a}, "time"}
        }
        );
    }
    EXPECT_TRUE(harness.state().paused());
    EXPECT_THAT(harness.state().pause_reason(), HasSubstr("3 allocations in a row"));
}

TEST(Lane, AsksAgainForAnAllocationThatWasOnlyIntended) {
    Harness harness(make_sweep({make_stage("train", 4)}));
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationEnded{AllocationId{1}, "time"}
    }
    );
    harness.crash();
    const auto started = said<StartAllocation>(harness.drain());
    ASSERT_THAT(started, SizeIs(1));
    EXPECT_EQ(started.front().token, harness.state().allocations()[1].token);
}

}  // namespace
}  // namespace xorch
