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

// Who was told to end ranks.
std::vector<IncarnationId> ended_on(const std::vector<Outgoing>& messages) {
    std::vector<IncarnationId> agents;
    for (const Outgoing& message : messages) {
        const auto* to = std::get_if<ToAgent>(&message);
        if (to != nullptr && std::holds_alternative<EndRanks>(to->message))
            agents.push_back(to->to);
    }
    return agents;
}

// Three nodes of two CPUs; a gang of four ranks takes two of them.
class Gang : public testing::Test {
 protected:
    explicit Gang(Stage gang = make_gangs("wide", 1, 4)) : harness(sweep_of(std::move(gang))) {
        harness.join(0xa, "n1");
        harness.join(0xb, "n2");
        harness.join(0xc, "n3");
        harness.drain();
    }

    static Sweep sweep_of(Stage gang) {
        Sweep sweep = make_sweep({std::move(gang), make_stage("small", 8)});
        sweep.stages[1].resources.cpus = 2;
        return sweep;
    }

    const std::vector<GangShare>& shares() { return harness.state().gangs().at(unit); }

    bool runs() const { return harness.state().gangs().contains(unit); }

    // Time passes, and everybody but this agent is heard.
    void silence(IncarnationId silent) {
        for (int i = 0; i < 13; ++i) {
            for (const IncarnationId each : {agent_a, agent_b, agent_c}) {
                if (each == silent || agent(each).gone) continue;
                const auto held = static_cast<std::uint32_t>(harness.held(each).size());
                harness.say(each, AgentHeartbeat{.running = held});
            }
            harness.tick_after(5s);
        }
    }

    const AgentState& agent(IncarnationId id) { return *harness.state().find_agent(id); }

    static constexpr IncarnationId agent_c{0xc};
    static constexpr UnitKey unit = key(0, 0);
    Harness harness;
};

// The first agent that joins cannot hold the gang alone, and what came before it got its slots.
class GangOfTwo : public Gang {
 protected:
    GangOfTwo() {
        while (!runs()) {
            const IncarnationId busy{harness.held(agent_b).empty() ? 0xaU : 0xbU};
            if (harness.held(busy).empty()) break;
            harness.finish(busy, harness.held(busy).front());
        }
        harness.drain();
        harness.take_facts();
    }

    IncarnationId leader() { return shares().front().agent; }

    IncarnationId lender() { return shares().back().agent; }
};

TEST_F(GangOfTwo, GoesBeforeSingleUnitsAndToTheFirstNodeInTheirOrder) {
    ASSERT_TRUE(runs());
    EXPECT_THAT(shares(), SizeIs(2));
    EXPECT_TRUE(agent(leader()).node < agent(lender()).node);
    EXPECT_THAT(harness.held(leader()), ElementsAre(unit));
    EXPECT_THAT(agent(lender()).lends, ElementsAre(unit));
}

TEST_F(GangOfTwo, AssignmentNamesItsNodesInTheOrderOfRanks) {
    class NoRows : public RowSource {
        Result<std::string> rows(FactLocation) override { return std::string(); }
    } rows;

    const auto made = assignment(harness.state(), {unit, {1}}, false, {.root = "/s"}, rows);
    ASSERT_TRUE(made.has_value());
    EXPECT_THAT(
        made->hosts,
        ElementsAre(RankHost{agent(leader()).node, 2}, RankHost{agent(lender()).node, 2})
    );
    harness.finish(leader(), unit);
    EXPECT_FALSE(may_be_sent(harness.state(), {unit, {1}}));
}

TEST_F(GangOfTwo, EndsItsRanksOnOtherNodesBeforeTheirSlotsAreGivenAway) {
    const IncarnationId other = lender();
    harness.finish(leader(), unit);
    const auto messages = harness.drain();
    EXPECT_THAT(ended_on(messages), ElementsAre(other));
    bool ended = false;
    bool assigned = false;
    for (const Outgoing& message : messages) {
        const auto* to = std::get_if<ToAgent>(&message);
        if (to == nullptr || to->to != other) continue;
        ended = ended || std::holds_alternative<EndRanks>(to->message);
        if (!std::holds_alternative<AssignKeys>(to->message)) continue;
        assigned = true;
        EXPECT_TRUE(ended) << "slots were given away first";
    }
    EXPECT_TRUE(assigned);
}

TEST_F(GangOfTwo, EndsItsRanksWhenItIsCancelled) {
    const IncarnationId other = lender();
    harness.request("c", "cancel", R"({"units": ["wide/0"]})");
    EXPECT_THAT(ended_on(harness.drain()), ElementsAre(other));
}

TEST_F(GangOfTwo, IsGivenBackWithoutAFailureWhenANodeThatLendsIsGone) {
    const IncarnationId first = leader();
    const IncarnationId other = lender();
    harness.started(first, unit);
    harness.drain();
    silence(other);
    EXPECT_TRUE(agent(other).gone);
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready);
    EXPECT_EQ(harness.state().unit(unit).own_failures, 0);
    const auto stops = told<StopAttempt>(harness.drain());
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_EQ(stops[0].unit, unit);
    EXPECT_EQ(stops[0].cause, Cause::agent_lost);
    EXPECT_TRUE(stops[0].at_once);
    EXPECT_TRUE(agent(first).lends.empty());
    harness.end(first, unit, ended(Cause::agent_lost));
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready) << "what was given back counts once";
}

TEST_F(GangOfTwo, EndsItsRanksWhenItsLeaderIsGone) {
    const IncarnationId first = leader();
    const IncarnationId other = lender();
    harness.say(first, AgentGoodbye{"the allocation ends"});
    EXPECT_THAT(ended_on(harness.drain()), ElementsAre(other));
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready);
    EXPECT_TRUE(agent(first).gone);
}

TEST_F(GangOfTwo, IsAskedToStopInOrderWhenANodeThatLendsLeavesInOrder) {
    const IncarnationId first = leader();
    const IncarnationId other = lender();
    harness.say(other, AgentGoodbye{"preempted"});
    EXPECT_FALSE(agent(other).gone) << "its slots are in use still";
    const auto stops = told<StopAttempt>(harness.drain());
    ASSERT_THAT(stops, SizeIs(1));
    EXPECT_FALSE(stops[0].at_once);
    harness.end(first, unit, ended(Cause::preempted));
    EXPECT_TRUE(agent(other).gone);
    const auto gone = all_of<AgentGone>(harness.take_facts());
    ASSERT_THAT(gone, SizeIs(1));
    EXPECT_TRUE(gone[0].in_order);
}

TEST_F(GangOfTwo, IsGivenBackOnceWhenItsAllocationEnds) {
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationEnded{AllocationId{1}, "time limit"}
    }
    );
    std::size_t gang_ends = 0;
    for (const UnitGivenBack& fact : all_of<UnitGivenBack>(harness.take_facts()))
        gang_ends += fact.unit == unit ? 1U : 0U;
    EXPECT_EQ(gang_ends, 1U);
    EXPECT_THAT(harness.state().gangs(), IsEmpty());
}

TEST_F(GangOfTwo, IsGivenBackWhenTheSweepStopsAtOnce) {
    harness.reign->on_stop_requested(harness.now, true);
    EXPECT_THAT(harness.state().gangs(), IsEmpty());
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready);
}

TEST_F(GangOfTwo, IsNamedToALenderThatComesBackAndNoOtherIs) {
    const IncarnationId other = lender();
    harness.hello(other, {});
    auto welcome = told<Welcome>(harness.drain());
    ASSERT_THAT(welcome, SizeIs(1));
    const LentRanks lent{harness.state().plan().id(unit), AttemptNumber{1}};
    EXPECT_THAT(welcome[0].lends, ElementsAre(lent));
    harness.finish(leader(), unit);
    harness.drain();
    harness.hello(other, {});
    welcome = told<Welcome>(harness.drain());
    ASSERT_THAT(welcome, SizeIs(1));
    EXPECT_THAT(welcome[0].lends, IsEmpty());
}

TEST_F(GangOfTwo, LosesItsLenderAfterACrashOfTheCoordinatorAsBefore) {
    const IncarnationId first = leader();
    const IncarnationId other = lender();
    harness.crash();
    harness.hello(
        first,
        {
            {unit, {1}}
    }
    );
    silence(other);
    EXPECT_TRUE(agent(other).gone);
    EXPECT_EQ(harness.phase(unit), UnitPhase::ready);
}

TEST_F(GangOfTwo, BlamesTheNodeThatKeepsItsRanksApart) {
    const IncarnationId first = leader();
    const IncarnationId other = lender();
    AttemptEnd end = ended(Cause::agent_lost);
    end.unfit_node = agent(other).node;
    end.message = "no route to it";
    harness.end(first, unit, end);
    EXPECT_THAT(harness.state().blamed_nodes(), testing::Contains(testing::Key(end.unfit_node)));
    EXPECT_EQ(harness.state().unit(unit).own_failures, 0);
    EXPECT_EQ(harness.state().unit(unit).agent_deaths, 0);
}

TEST_F(GangOfTwo, BlamesNoNodeThatIsNotItsOwn) {
    AttemptEnd end = ended(Cause::agent_lost);
    end.unfit_node = "elsewhere";
    harness.end(leader(), unit, end);
    EXPECT_THAT(harness.state().blamed_nodes(), IsEmpty());
}

// Taken from its nodes and ready again; nothing else is.
class GangThatWasTaken : public GangOfTwo {
 protected:
    GangThatWasTaken() {
        const IncarnationId first = leader();
        harness.request(
            "s", "cancel", R"({"ranges": [{"stage": "small", "first": 1, "count": 7}]})"
        );
        harness.request("c", "cancel", R"({"units": ["wide/0"]})");
        harness.request("r", "retry", R"({"units": ["wide/0"]})");
        EXPECT_EQ(harness.phase(unit), UnitPhase::ready);
        EXPECT_FALSE(runs()) << "nobody knows yet that it is gone";
        harness.say(first, harness.report(first, unit, 1, ended(Cause::cancelled)));
        EXPECT_FALSE(runs()) << "ranks may live on where they were lent a place";
    }

    const IncarnationId other = lender();
};

TEST_F(GangThatWasTaken, ComesBackOnceTheLenderMustHaveHeardOfIt) {
    silence({});
    EXPECT_FALSE(runs()) << "it may be about to say hello on another connection";
    silence({});
    EXPECT_TRUE(runs());
    EXPECT_FALSE(agent(other).gone);
}

TEST_F(GangThatWasTaken, WaitsAnewWhereALenderSaysHello) {
    silence({});
    harness.hello(other, {});
    silence({});
    EXPECT_FALSE(runs()) << "it may not have heard its welcome";
    silence({});
    EXPECT_TRUE(runs());
}

}  // namespace
}  // namespace xorch
