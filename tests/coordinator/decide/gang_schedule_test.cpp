#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/decide/schedule/gangs.h"
#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr IncarnationId agent_c{0xc};

TEST(NodeOrder, CountsNumbersAsNumbers) {
    EXPECT_TRUE(is_earlier_node("n2", "n10"));
    EXPECT_FALSE(is_earlier_node("n10", "n2"));
    EXPECT_TRUE(is_earlier_node("a9", "b1"));
    EXPECT_TRUE(is_earlier_node("rack1-n9", "rack2-n1"));
    EXPECT_TRUE(is_earlier_node("n", "n1"));
    EXPECT_FALSE(is_earlier_node("n1", "n1"));
    EXPECT_NE(is_earlier_node("n01", "n1"), is_earlier_node("n1", "n01")) << "a strict order";
}

class Placing : public testing::Test {
 protected:
    // Offers of nodes n1, n2, ...; the shares as "node:ranks" would be, by position.
    std::vector<std::pair<std::size_t, std::uint32_t>> place(
        const Resources& asked, const std::vector<std::uint32_t>& room
    ) {
        std::vector<AgentState> agents(room.size());
        std::vector<RankOffer> offers;
        for (std::size_t i = 0; i < room.size(); ++i) {
            agents[i].incarnation = {i + 1};
            agents[i].node = "n" + std::to_string(i + 1);
            offers.push_back({&agents[i], room[i]});
        }
        std::reverse(offers.begin(), offers.end());
        std::vector<std::pair<std::size_t, std::uint32_t>> shares;
        for (const GangShare& share : place_ranks(asked, offers))
            shares.emplace_back(share.agent.value, share.ranks);
        return shares;
    }
};

TEST_F(Placing, TakesAsFewNodesAsHoldTheGangInTheirNaturalOrder) {
    const Resources six{.ranks = 6};
    using Shares = std::vector<std::pair<std::size_t, std::uint32_t>>;
    EXPECT_EQ(
        place(
            six,
            {
                2, 2, 8
    }
        ),
        (Shares{{3, 6}})
    );
    EXPECT_EQ(
        place(
            six,
            {
                2, 4, 4, 1
    }
        ),
        (Shares{{1, 2}, {2, 4}})
    ) << "the smallest that suffices";
    EXPECT_EQ(
        place(
            six,
            {
                3, 0, 2, 1
    }
        ),
        (Shares{{1, 3}, {3, 2}, {4, 1}})
    );
    EXPECT_EQ(place(six, {3, 2}), Shares{});
    EXPECT_EQ(place(six, {}), Shares{});
}

TEST_F(Placing, PutsRanksPerNodeOnEachAndWhatIsLeftOnTheLast) {
    const Resources five{.ranks = 5, .ranks_per_node = 2};
    using Shares = std::vector<std::pair<std::size_t, std::uint32_t>>;
    EXPECT_EQ(
        place(
            five,
            {
                8, 8, 8, 8
    }
        ),
        (Shares{{1, 2}, {2, 2}, {3, 1}})
    );
    EXPECT_EQ(
        place(
            five,
            {
                1, 2, 2
    }
        ),
        (Shares{{2, 2}, {3, 2}, {1, 1}})
    );
    EXPECT_EQ(place(five, {1, 1, 8}), Shares{});
    EXPECT_EQ(place(five, {2, 2}), Shares{});
    const Resources four{.ranks = 4, .ranks_per_node = 2};
    EXPECT_EQ(
        place(
            four,
            {
                1, 2, 3
    }
        ),
        (Shares{{2, 2}, {3, 2}})
    );
    EXPECT_EQ(place(four, {1, 1, 4}), Shares{});
}

// Two nodes of two CPUs. On each a long unit runs (1000 s), beside it there is a free slot, or a
// short unit (10 s). A gang that wants all four slots is ready.
class Waiting : public testing::Test {
 protected:
    explicit Waiting(int shorts = 9) : harness(sweep(shorts)) {
        harness.join(0xa, "n1");
        harness.join(0xb, "n2");
        // Gate and a long unit on n1, two long ones on n2, of which one ends and tells how long.
        harness.end(agent_b, key(1, 1), ended(Cause::none, 1'000s));
        harness.end(agent_b, key(2, 0), ended(Cause::none, 10s));
        harness.started(agent_a, key(1, 0));
        harness.started(agent_b, key(1, 2));
        harness.finish(agent_a, key(0, 0));
    }

    static Sweep sweep(int shorts) {
        Stage wide = make_gangs("wide", 1, 4);
        wide.needs = {"gate"};
        return make_sweep(
            {make_stage("gate", 1),
             make_stage("long", 3),
             make_stage("short", shorts),
             make_stage("unknown", 9),
             wide}
        );
    }

    std::size_t held_of(IncarnationId agent, std::uint32_t stage) const {
        const auto held = harness.held(agent);
        return static_cast<std::size_t>(std::count_if(held.begin(), held.end(), [&](UnitKey unit) {
            return unit.stage.value == stage;
        }));
    }

    // Ends what the agent holds of the stage.
    void end_all(IncarnationId agent, std::uint32_t stage, Millis ran) {
        for (const UnitKey unit : harness.held(agent)) {
            if (unit.stage.value == stage) harness.end(agent, unit, ended(Cause::none, ran));
        }
    }

    void pass(Millis time) {
        harness.now.boot += time;
        for (const IncarnationId each : {agent_a, agent_b})
            harness.say(each, AgentHeartbeat{.running = 2});
    }

    // Until 3 s before all that runs is expected to end.
    void pass_until_soon() {
        pass(990s);
        for (const IncarnationId each : {agent_a, agent_b}) {
            for (const UnitKey unit : harness.held(each)) {
                if (unit.stage.value == 2) harness.started(each, unit);
            }
        }
        pass(7s);
    }

    bool runs() const { return harness.state().gangs().contains(key(4, 0)); }

    Harness harness;
};

class WaitingWithoutShort : public Waiting {
 protected:
    WaitingWithoutShort() : Waiting(2) {}
};

TEST_F(Waiting, LetsUnitsRunThatEndBeforeTheGangCanStart) {
    ASSERT_EQ(harness.phase(key(4, 0)), UnitPhase::ready);
    EXPECT_EQ(held_of(agent_a, 2), 1U);
    EXPECT_EQ(held_of(agent_b, 2), 1U);
}

TEST_F(Waiting, LetsNoUnitRunThatWouldHoldUpTheGang) {
    pass_until_soon();
    end_all(agent_a, 2, 10s);
    EXPECT_EQ(held_of(agent_a, 2), 0U) << "it would take 10 s, and the gang starts in 3";
    EXPECT_EQ(held_of(agent_a, 3), 0U);
}

TEST_F(Waiting, StartsTheGangAsSoonAsItsNodesAreFree) {
    pass_until_soon();
    end_all(agent_a, 2, 10s);
    end_all(agent_b, 2, 10s);
    end_all(agent_a, 1, 1'000s);
    EXPECT_FALSE(runs());
    end_all(agent_b, 1, 1'000s);
    EXPECT_TRUE(runs());
    EXPECT_EQ(held_of(agent_b, 2), 0U);
    harness.finish(agent_a, key(4, 0));
    EXPECT_EQ(held_of(agent_b, 2), 2U) << "then the others go on";
}

TEST_F(WaitingWithoutShort, LetsNoUnitRunOfWhichNobodyKnowsHowLongItTakes) {
    EXPECT_EQ(held_of(agent_b, 2), 1U);
    EXPECT_EQ(held_of(agent_a, 3), 0U);
    EXPECT_EQ(harness.held(agent_a).size(), 1U);
}

TEST_F(Waiting, FillsAgentsThatTheGangWillNotNeed) {
    harness.join(0xc, "n3");
    // The gang starts earliest on n3 and one of the others, which has a free slot still.
    EXPECT_EQ(harness.held(agent_c).size(), 2U) << "with short units";
    EXPECT_EQ(held_of(agent_c, 2), 2U);
    harness.join(0xd, "n4");
    EXPECT_TRUE(runs() || harness.held({0xd}).size() == 2U);
}

TEST(GangReservation, KeepsWhatIsFreeAlreadyRatherThanWhatIsExpectedToBe) {
    Stage wide = make_gangs("wide", 1, 2);
    wide.needs = {"gate"};
    Harness harness(
        make_sweep({make_stage("long", 4), make_stage("gate", 1), make_stage("unknown", 9), wide})
    );
    harness.join(0xa, "n1", 2);
    harness.end(agent_a, key(0, 0), ended(Cause::none, 1'000s));
    harness.end(agent_a, key(0, 1), ended(Cause::none, 1'000s));
    harness.started(agent_a, key(0, 2));
    harness.started(agent_a, key(0, 3));
    harness.join(0xb, "n2", 1);
    harness.now.boot += 997s;
    harness.say(agent_a, AgentHeartbeat{.running = 2});
    harness.finish(agent_b, key(1, 0));
    EXPECT_THAT(harness.held(agent_b), IsEmpty()) << "though n1 may soon hold the gang alone";
    harness.finish(agent_a, key(0, 2));
    EXPECT_THAT(harness.state().gangs(), SizeIs(1));
}

TEST(GangQueue, QueuesNothingOnANodeThatLends) {
    Stage wide = make_gangs("wide", 1, 2);
    wide.resources.ranks_per_node = 1;
    wide.needs = {"gate"};
    Harness harness(make_sweep({make_stage("gate", 1), wide, make_stage("small", 99)}));
    harness.join(0xa, "n1");
    harness.join(0xb, "n2");
    harness.end(agent_a, key(2, 0), ended(Cause::none, 10ms));
    EXPECT_GT(harness.held(agent_a).size(), 10U) << "short units are queued elsewhere";
    harness.end(agent_a, key(0, 0), ended(Cause::none, 10ms));
    for (int i = 0; i < 99 && harness.state().gangs().empty(); ++i) {
        for (const IncarnationId each : {agent_a, agent_b}) {
            if (harness.held(each).empty()) continue;
            harness.end(each, harness.held(each).front(), ended(Cause::none, 10ms));
        }
    }
    ASSERT_THAT(harness.state().gangs(), SizeIs(1));
    EXPECT_LE(harness.held(agent_a).size(), 2U);
    EXPECT_LE(harness.held(agent_b).size(), 1U);
}

TEST(GangFit, PausesASweepWhoseGangFitsNoAllocation) {
    Stage wide = make_gangs("wide", 1, 9);
    Harness harness(make_sweep({wide}));
    harness.join(0xa, "n1");
    harness.join(0xb, "n2");
    EXPECT_FALSE(harness.state().paused()) << "more agents may come";
    for (int i = 0; i < 13; ++i) {
        harness.say(agent_a, AgentHeartbeat{});
        harness.say(agent_b, AgentHeartbeat{});
        harness.tick_after(5s);
    }
    ASSERT_TRUE(harness.state().paused());
    EXPECT_THAT(harness.state().pause_reason(), HasSubstr("9 ranks of cpus = 1"));
}

TEST(GangFit, MakesRoomForAWholeAllocationWhereANodeIsGone) {
    Stage wide = make_gangs("wide", 1, 4);
    Harness harness(make_sweep({wide}));
    harness.join(0xa, "n1");
    harness.join(0xb, "n2");
    ASSERT_THAT(harness.state().gangs(), SizeIs(1));
    for (int i = 0; i < 30 && !harness.state().paused(); ++i) {
        harness.say(agent_a, AgentHeartbeat{.running = 1});
        harness.tick_after(5s);
    }
    EXPECT_FALSE(harness.state().paused());
    const auto leaves = told<Leave>(harness.drain());
    ASSERT_THAT(leaves, SizeIs(1));
    EXPECT_THAT(leaves[0].reason, HasSubstr("too few nodes"));
}

TEST(GangFit, NeedsNoNodeThatIsBeyondDoubt) {
    Stage small = make_stage("small", 2);
    small.limits.retries = 9;
    Stage other = make_stage("other", 2);
    other.limits.retries = 9;
    Stage wide = make_gangs("wide", 1, 2);
    wide.needs = {"small"};
    wide.axes = {
        {.name = "one", .values = {Value(1)}, .when = {}}
    };
    wide.argv = {"wide", "{one}"};
    Harness harness(make_sweep({small, other, wide}));
    harness.join(0xa, "n1", 1);
    harness.join(0xb, "n2", 1);
    for (int i = 0; i < 40 && harness.state().gangs().empty(); ++i) {
        if (!harness.held(agent_b).empty()) {
            harness.end(agent_b, harness.held(agent_b).front(), ended(Cause::user_error));
        }
        const bool is_doubted = harness.state().troubled_nodes().contains("n2") &&
                                harness.state().troubled_nodes().at("n2").failures >= 3;
        // Too few are done elsewhere for more than doubt.
        if (is_doubted) harness.request("c", "cancel", R"({"stages": ["other"]})");
        if (is_doubted && !harness.held(agent_a).empty()) {
            harness.finish(agent_a, harness.held(agent_a).front());
        }
        harness.say(agent_a, AgentHeartbeat{.running = 1});
        harness.say(agent_b, AgentHeartbeat{.running = 1});
        harness.tick_after(5s);
    }
    ASSERT_TRUE(harness.state().troubled_nodes().contains("n2")) << "nothing was done there";
    ASSERT_THAT(harness.state().blamed_nodes(), IsEmpty());
    EXPECT_THAT(harness.state().gangs(), SizeIs(1));
}

TEST(GangSuspect, RunsAloneOnAllItsNodesOnceTheyAreIdle) {
    Stage wide = make_gangs("wide", 1, 2);
    wide.resources.ranks_per_node = 1;
    Stage small = make_stage("small", 9);
    small.resources.cpus = 2;
    Harness harness(make_sweep({wide, small}));
    std::uint64_t next = 0x10;
    harness.join(0xb, "n2", 3);
    IncarnationId first = harness.join(next++, "n1", 1);
    // Its leader dies with it twice, and a new agent comes each time. Beside it a small unit runs.
    for (int death = 0; death < 2; ++death) {
        ASSERT_THAT(harness.state().gangs(), SizeIs(1)) << death;
        harness.started(first, key(0, 0));
        first = harness.join(next++, "n1", 1);
        for (int i = 0; i < 16; ++i) {
            for (const IncarnationId each : {first, agent_b}) {
                const auto held = static_cast<std::uint32_t>(harness.held(each).size());
                harness.say(each, AgentHeartbeat{.running = held});
            }
            harness.tick_after(5s);
        }
    }
    EXPECT_EQ(harness.state().unit(key(0, 0)).agent_deaths, 2);
    EXPECT_THAT(harness.state().gangs(), IsEmpty()) << "n2 is not idle";
    harness.finish(agent_b, harness.held(agent_b).front());
    ASSERT_THAT(harness.state().gangs(), SizeIs(1));
    EXPECT_TRUE(harness.state().find_agent(first)->runs_alone);
    EXPECT_TRUE(harness.state().find_agent(agent_b)->runs_alone);
    EXPECT_THAT(harness.held(agent_b), IsEmpty());
}

}  // namespace
}  // namespace xorch
