#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/sweeps.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr IncarnationId agent_c{0xc};

// Agents of four CPUs, and a gang of six ranks beside single units.
class GangState : public testing::Test {
 protected:
    GangState() {
        apply(
            state,
            {
                AllocationIntended{AllocationId{1}, "t1"}
        }
        );
        apply(
            state,
            {
                AllocationIntended{AllocationId{2}, "t2"}
        }
        );
        apply(
            state, {joined(agent_a, "n1", 4), joined(agent_b, "n2", 4), joined(agent_c, "n3", 4)}
        );
    }

    std::string refusal(Fact fact) {
        const auto applied = state.apply({Millis{0}, {std::move(fact)}}, {1, 0, 64});
        return applied ? "" : applied.error().message;
    }

    const AgentState& agent(IncarnationId id) const { return *state.find_agent(id); }

    std::vector<std::uint32_t> load(IncarnationId id) const { return agent(id).load; }

    void give_gang() {
        apply(
            state,
            {
                assigned(key(0, 0), 1, {{agent_a, 4}, {agent_b, 2}}
                   )
        }
        );
    }

    State state = make_state(make_sweep({make_gangs("wide", 2, 6), make_stage("small", 4)}));
};

TEST_F(GangState, TakesTheSlotsOfAllItsNodesByOneFact) {
    give_gang();
    EXPECT_THAT(load(agent_a), ElementsAre(4, 0));
    EXPECT_THAT(load(agent_b), ElementsAre(2, 0));
    EXPECT_THAT(agent(agent_a).holding, ElementsAre(key(0, 0)));
    EXPECT_THAT(agent(agent_b).holding, IsEmpty());
    EXPECT_THAT(agent(agent_b).lends, ElementsAre(key(0, 0)));
    EXPECT_FALSE(agent(agent_b).is_idle());
    EXPECT_TRUE(agent(agent_c).is_idle());
}

TEST_F(GangState, GivesBackAllSlotsWhateverEndsTheAttempt) {
    const AttemptNumber first{1};
    const std::vector<Fact> ends = {
        finished(key(0, 0), 1),
        UnitGivenBack{key(0,  0), first, ended(Cause::time_limit)},
        UnitFailed{key(0, 0), first, ended(Cause::user_error)},
        UnitsCancelled{{{StageIndex{0}, 0, 1}}     }
    };
    for (const Fact& end : ends) {
        State fresh = make_state(make_sweep({make_gangs("wide", 2, 6), make_stage("small", 4)}));
        apply(
            fresh,
            {
                AllocationIntended{AllocationId{1}, "t1"}
        }
        );
        apply(fresh, {joined(agent_a, "n1", 4), joined(agent_b, "n2", 4)});
        apply(
            fresh,
            {
                assigned(key(0, 0), 1, {{agent_a, 4}, {agent_b, 2}}
                   )
        }
        );
        apply(fresh, {end});
        EXPECT_THAT(fresh.gangs(), IsEmpty());
        EXPECT_TRUE(fresh.find_agent(agent_a)->is_idle());
        EXPECT_TRUE(fresh.find_agent(agent_b)->is_idle());
        EXPECT_THAT(fresh.find_agent(agent_b)->load, ElementsAre(0, 0));
    }
}

TEST_F(GangState, RefusesAGangThatIsNotWhole) {
    const auto gang = [](std::vector<GangShare> shares) {
        return assigned(key(0, 0), 1, std::move(shares));
    };
    EXPECT_THAT(
        refusal(gang({
            {agent_a, 4},
            {agent_b, 1}
    })),
        HasSubstr("6 ranks")
    );
    EXPECT_THAT(
        refusal(gang({
            {agent_a, 4},
            {agent_a, 2}
    })),
        HasSubstr("no ranks can be")
    );
    EXPECT_THAT(
        refusal(gang({
            {agent_a, 6},
            {agent_b, 0}
    })),
        HasSubstr("no ranks can be")
    );
    EXPECT_THAT(
        refusal(gang({
            {agent_a, 4},
            {{0xdd},  2}
    })),
        HasSubstr("no ranks can be")
    );
    EXPECT_THAT(refusal(assigned(agent_a, key(0, 0), 1)), HasSubstr("do not agree"));
    EXPECT_THAT(
        refusal(assigned(
            key(1, 0),
            1,
            {
                {agent_a, 1}
    }
        )),
        HasSubstr("do not agree")
    );
    UnitsAssigned led{
        agent_b, false, {{key(0, 0), {1}}},
          { {agent_a, 4},    {agent_b, 2}}
    };
    EXPECT_THAT(refusal(led), HasSubstr("does not lead"));
    UnitsAssigned two{
        agent_a, false, {{key(0, 0), {1}}, {key(0, 1), {1}}},
          {{agent_a, 4},     {agent_b, 2}    }
    };
    EXPECT_THAT(refusal(two), HasSubstr("share a gang"));
    EXPECT_THAT(state.gangs(), IsEmpty());
}

TEST_F(GangState, RefusesAGangOverTwoAllocationsOrOnANodeThatIsGone) {
    apply(
        state,
        {
            AgentJoined{{0xd}, AllocationId{2}, "n4", {.cpus = 4}}
    }
    );
    EXPECT_THAT(
        refusal(assigned(
            key(0, 0),
            1,
            {
                {agent_a, 4},
                {{0xd},   2}
    }
        )),
        HasSubstr("no ranks can be")
    );
    apply(
        state,
        {
            AgentGone{agent_b, true, "left"}
    }
    );
    EXPECT_THAT(
        refusal(assigned(
            key(0, 0),
            1,
            {
                {agent_a, 4},
                {agent_b, 2}
    }
        )),
        HasSubstr("no ranks can be")
    );
}

TEST_F(GangState, RefusesNodesWithOtherThanRanksPerNode) {
    Stage stage = make_gangs("wide", 1, 3);
    stage.resources.ranks_per_node = 2;
    State spread = make_state(make_sweep({stage}));
    apply(
        spread,
        {
            AllocationIntended{AllocationId{1}, "t1"}
    }
    );
    apply(spread, {joined(agent_a, "n1", 4), joined(agent_b, "n2", 4)});
    const auto gang = [&](std::uint32_t first, std::uint32_t second) {
        return spread.apply(
            {
                Millis{0                                      },
                { assigned(key(0, 0), 1, {{agent_a, first}, {agent_b, second}})}
        },
            {1, 0, 64}
        );
    };
    EXPECT_FALSE(gang(1, 2).has_value());
    EXPECT_TRUE(gang(2, 1).has_value()) << "the last node has what is left";
}

TEST_F(GangState, LetsNoAgentGoThatLends) {
    give_gang();
    EXPECT_THAT(refusal(AgentGone{agent_b, false, "died"}), HasSubstr("left with units"));
}

TEST_F(GangState, FindsANodeThatIsOversubscribed) {
    apply(state, {assigned(agent_b, key(1, 0), 1), assigned(agent_b, key(1, 1), 1)});
    give_gang();
    const auto applied = state.apply({Millis{0}, {assigned(agent_b, key(1, 2), 1)}}, {1, 0, 64});
    ASSERT_TRUE(applied.has_value());
    const auto sound = state.check_invariants();
    ASSERT_FALSE(sound.has_value());
    EXPECT_THAT(sound.error().message, HasSubstr("I9"));
}

TEST_F(GangState, SurvivesASnapshot) {
    apply(state, {assigned(agent_b, key(1, 0), 1)});
    give_gang();
    auto plan = Plan::make(make_sweep({make_gangs("wide", 2, 6), make_stage("small", 4)}));
    ASSERT_TRUE(plan.has_value());
    const auto loaded = State::load(std::move(*plan), state.save());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->gangs(), state.gangs());
    EXPECT_EQ(loaded->find_agent(agent_b)->lends, agent(agent_b).lends);
    EXPECT_EQ(loaded->find_agent(agent_b)->load, load(agent_b));
    EXPECT_EQ(loaded->find_agent(agent_a)->load, load(agent_a));
    EXPECT_EQ(loaded->save(), state.save());
}

TEST_F(GangState, BlamesNoNodeForTheFailuresOfAGang) {
    give_gang();
    apply(
        state,
        {
            UnitGivenBack{key(0, 0), AttemptNumber{1}, ended(Cause::user_error)}
    }
    );
    EXPECT_THAT(state.troubled_nodes(), IsEmpty());
}

TEST_F(GangState, CountsNoDeathWhereANodeKeptTheRanksApart) {
    give_gang();
    AttemptEnd end = ended(Cause::agent_lost);
    end.unfit_node = "n2";
    apply(
        state,
        {
            UnitGivenBack{key(0, 0), AttemptNumber{1}, end}
    }
    );
    EXPECT_EQ(state.unit(key(0, 0)).agent_deaths, 0);
}

}  // namespace
}  // namespace xorch
