// Nodes on which units fail that work elsewhere.

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

constexpr auto a_moment = 5s;  // longer than the first pauses before a retry

Sweep ten_units() {
    return make_sweep({make_stage("train", 10)});
}

// Two nodes with a slot each, and a third party's look at what they hold.
struct TwoNodes : Harness {
    explicit TwoNodes(Sweep sweep = ten_units()) : Harness(std::move(sweep)) {
        join(agent_a.value, "bad", 1);
        join(agent_b.value, "good", 1);
    }

    // Both agents are heard, so that neither counts as silent.
    void wait(Millis time) {
        now.boot += time;
        now.unix += time;
        for (const IncarnationId agent : {agent_a, agent_b}) {
            const AgentState* known = state().find_agent(agent);
            if (known == nullptr || known->gone) continue;
            say(agent, AgentHeartbeat{.running = static_cast<std::uint32_t>(held(agent).size())});
        }
        tick_after(0s);
    }

    // What the node holds fails there, and is done on the good node once that is free.
    void fail_and_succeed_elsewhere() {
        ASSERT_THAT(held(agent_a), SizeIs(1));
        const UnitKey unit = held(agent_a).front();
        end(agent_a, unit, ended(Cause::user_error));
        wait(a_moment);
        while (phase(unit) != UnitPhase::done) {
            ASSERT_THAT(held(agent_b), SizeIs(1));
            finish(agent_b, held(agent_b).front());
        }
    }
};

TEST(Blame, TriesAUnitOnAnotherNodeBeforeTheOneWhereItFailed) {
    TwoNodes harness;
    const UnitKey unit = harness.held(agent_a).front();
    harness.end(agent_a, unit, ended(Cause::user_error));
    harness.wait(a_moment);
    harness.end(agent_a, harness.held(agent_a).front(), ended(Cause::user_error));
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready) << "the other node is busy";
    harness.finish(agent_b, harness.held(agent_b).front());
    EXPECT_THAT(harness.held(agent_b), ElementsAre(unit));
}

TEST(Blame, TriesAUnitAgainWhereItFailedIfNobodyElseIsThere) {
    Harness harness(ten_units());
    harness.join(agent_a.value, "only", 1);
    for (int i = 0; i < 6; ++i) {
        harness.end(agent_a, harness.held(agent_a).front(), ended(Cause::user_error));
        harness.tick_after(a_moment);
        EXPECT_THAT(harness.held(agent_a), SizeIs(1));
    }
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
}

TEST(Blame, TriesAUnitAgainWhereItFailedIfTheOthersAreTooSmallForIt) {
    Stage big = make_stage("big", 1);
    big.resources.cpus = 4;
    Harness harness(make_sweep({big}));
    harness.join(agent_a.value, "large", 4);
    harness.join(agent_b.value, "small", 1);
    harness.end(agent_a, key(0, 0), ended(Cause::user_error));
    harness.tick_after(a_moment);
    EXPECT_THAT(harness.held(agent_a), ElementsAre(key(0, 0)));
}

TEST(Blame, TrustsANodeAgainOnceAUnitWasDoneThere) {
    TwoNodes harness;
    const UnitKey unit = harness.held(agent_a).front();
    harness.end(agent_a, unit, ended(Cause::user_error));
    harness.finish(agent_a, harness.held(agent_a).front());
    harness.wait(a_moment);
    harness.finish(agent_a, harness.held(agent_a).front());
    EXPECT_THAT(harness.held(agent_a), ElementsAre(unit));
}

TEST(Blame, StarvesANodeWhereThreeUnitsFailedInARowUntilOthersHaveTriedThem) {
    TwoNodes harness;
    for (int i = 0; i < 3; ++i)
        harness.end(agent_a, harness.held(agent_a).front(), ended(Cause::crash));
    harness.wait(a_moment);
    EXPECT_THAT(harness.held(agent_a), IsEmpty());
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
    const UnitKey other = harness.held(agent_b).front();
    harness.finish(agent_b, other);
    ASSERT_THAT(harness.held(agent_b), SizeIs(1));
    harness.end(agent_b, harness.held(agent_b).front(), ended(Cause::crash));
    EXPECT_THAT(harness.held(agent_a), SizeIs(1)) << "the first unit fails on the good node, too";
}

TEST(Blame, BlamesANodeWhoseUnitsWereDoneElsewhereThreeTimesInARow) {
    TwoNodes harness;
    harness.fail_and_succeed_elsewhere();
    harness.fail_and_succeed_elsewhere();
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
    harness.drain();
    harness.take_facts();
    harness.fail_and_succeed_elsewhere();
    const auto blamed = all_of<NodeBlamed>(harness.take_facts());
    ASSERT_THAT(blamed, SizeIs(1));
    EXPECT_EQ(blamed[0].node, "bad");
    EXPECT_THAT(blamed[0].reason, HasSubstr("3 units failed there and were done on other nodes"));
    harness.wait(a_moment);
    EXPECT_THAT(harness.held(agent_a), IsEmpty());
    EXPECT_THAT(told<Leave>(harness.drain()), SizeIs(1)) << "its agent is sent home, once";
}

TEST(Blame, SaysNothingAboutANodeForUnitsThatFailEverywhere) {
    Sweep sweep = ten_units();
    sweep.stages[0].limits.retries = 1;
    TwoNodes harness(std::move(sweep));
    while (!harness.state().complete()) {
        for (const IncarnationId agent : {agent_a, agent_b}) {
            if (harness.held(agent).empty()) continue;
            harness.end(agent, harness.held(agent).front(), ended(Cause::user_error));
        }
        harness.wait(a_moment);
    }
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
    EXPECT_EQ(harness.state().stage(StageIndex{0}).in(UnitPhase::failed), 10U);
}

TEST(Blame, IsTakenBackByWhoeverLetsTheSweepGoOn) {
    TwoNodes harness;
    for (int i = 0; i < 3; ++i)
        harness.fail_and_succeed_elsewhere();
    ASSERT_THAT(harness.state().blamed_nodes(), SizeIs(1));
    harness.request("r1", "retry");
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
    EXPECT_THAT(harness.state().troubled_nodes(), IsEmpty());
}

TEST(Blame, OutlivesTheCoordinator) {
    TwoNodes harness;
    harness.fail_and_succeed_elsewhere();
    harness.fail_and_succeed_elsewhere();
    harness.end(agent_a, harness.held(agent_a).front(), ended(Cause::user_error));
    harness.wait(a_moment);
    harness.finish(agent_b, harness.held(agent_b).front());
    const NodeTrouble two_of_three{.failures = 3, .elsewhere = 2};
    EXPECT_THAT(harness.state().troubled_nodes(), ElementsAre(testing::Pair("bad", two_of_three)));
    auto saved = State::load(*Plan::make(ten_units()), harness.state().save());
    ASSERT_TRUE(saved) << saved.error().message;
    EXPECT_EQ(saved->troubled_nodes(), harness.state().troubled_nodes());
    EXPECT_EQ(saved->save(), harness.state().save());
    harness.crash();
    harness.hello(agent_a, {});
    harness.hello(
        agent_b,
        {
            {harness.held(agent_b).front(), AttemptNumber{2}}
    }
    );
    harness.finish(agent_b, harness.held(agent_b).front());
    EXPECT_THAT(harness.state().blamed_nodes(), SizeIs(1));
}

TEST(Blame, KeepsNewAllocationsAwayFromTheNode) {
    Sweep sweep = make_sweep({make_stage("train", 30)});
    sweep.backend = BackendKind::slurm;
    sweep.slurm.max_allocations = 1;
    TwoNodes harness(std::move(sweep));
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationSubmitted{AllocationId{2}, "job-2"}
    }
    );
    for (int i = 0; i < 3; ++i)
        harness.fail_and_succeed_elsewhere();
    harness.drain();
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationStarted{AllocationId{2}, harness.now.unix + 1h}
    }
    );
    const auto orders = said<StartAllocation>(harness.drain());
    ASSERT_THAT(orders, SizeIs(1));
    EXPECT_THAT(orders[0].avoid_nodes, ElementsAre("bad"));
}

}  // namespace
}  // namespace xorch
