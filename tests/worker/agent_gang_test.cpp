// What an agent does about gangs: those that it leads, and ranks of those that others lead.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/agent_harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AgentHarness::Options with_gangs() {
    AgentHarness::Options options;
    options.capacity = {.cpus = 4, .gpus = 4};
    options.sweep.stages[0].resources = {.cpus = 1, .gpus = 1, .ranks = 5};
    options.sweep.stages.emplace_back();
    options.sweep.stages[1].resources = {.cpus = 1};
    return options;
}

Assignment gang(std::uint32_t ranks_here, std::uint32_t ranks_there) {
    Assignment assignment = assignment_of(unit_at(0));
    assignment.hosts = {
        {"n1", ranks_here },
        {"n2", ranks_there}
    };
    return assignment;
}

TEST(AgentOfAGang, CountsTheRanksThatRunOnItsOwnNode) {
    AgentHarness harness(with_gangs());
    harness.connect();
    harness.assign({gang(3, 2), assignment_of(unit_at(0, 1)), assignment_of(unit_at(1, 1))});
    EXPECT_THAT(harness.started(), ElementsAre(unit_at(0), unit_at(0, 1)));
    EXPECT_EQ(harness.subject.in_use(), (Capacity{.cpus = 4, .gpus = 3}));
    harness.finish(unit_at(0));
    EXPECT_EQ(harness.subject.in_use(), (Capacity{.cpus = 2}));
}

TEST(AgentOfAGang, GivesBackOneWhoseShareIsLargerThanTheNode) {
    AgentHarness harness(with_gangs());
    harness.connect();
    harness.assign({gang(5, 1)});
    EXPECT_THAT(harness.started(), IsEmpty());
    ASSERT_THAT(harness.ends(), SizeIs(1));
    EXPECT_EQ(harness.ends()[0].end.cause, Cause::spawn);
}

TEST(AgentOfAGang, EndsLentRanksBeforeItStartsWhatTakesTheirPlace) {
    AgentHarness harness(with_gangs());
    harness.connect();
    harness.clear();
    harness.hear(EndRanks{.id = gang(1, 1).id, .attempt = {3}});
    harness.assign({assignment_of(unit_at(0, 1))});
    ASSERT_THAT(harness.orders, SizeIs(2));
    EXPECT_EQ(std::get<EndRanks>(harness.orders[0]).attempt, AttemptNumber{3});
    EXPECT_TRUE(std::holds_alternative<StartAttempt>(harness.orders[1]));
}

TEST(AgentOfAGang, EndsAllLentRanksOnceWhenItHasLongBeenLeaderless) {
    AgentHarness harness(with_gangs());
    harness.connect();
    harness.clear();
    harness.advance(harness.sweep.tuning.leaderless_exit - Millis{1});
    EXPECT_THAT(harness.ordered<EndForeignRanks>(), IsEmpty());
    harness.advance(Millis{1});
    harness.advance(harness.sweep.tuning.leaderless_exit);
    EXPECT_THAT(harness.ordered<EndForeignRanks>(), SizeIs(1));
    harness.connect();
    harness.clear();
    harness.advance(harness.sweep.tuning.leaderless_exit);
    EXPECT_THAT(harness.ordered<EndForeignRanks>(), SizeIs(1));
}

TEST(AgentOfAGang, LeavesOnlyTheLentRanksThatItsWelcomeNames) {
    AgentHarness harness(with_gangs());
    harness.subject.on_connected(harness.now, EpochNumber{1});
    const LentRanks lent{gang(1, 1).id, AttemptNumber{2}};
    Welcome welcome;
    welcome.epoch = EpochNumber{1};
    welcome.lends.push_back(lent);
    harness.hear(welcome);
    ASSERT_THAT(harness.ordered<EndForeignRanks>(), SizeIs(1));
    EXPECT_THAT(harness.ordered<EndForeignRanks>()[0].but, ElementsAre(lent));
}

TEST(AgentOfAGang, GivesUpGangsOfSeveralNodesOfWhichNobodyHearsAnyMore) {
    AgentHarness harness(with_gangs());
    harness.connect();
    Assignment queued = gang(2, 1);
    queued.unit = unit_at(1);
    queued.id.bytes[0] = 1;
    harness.assign({assignment_of(unit_at(0, 1)), gang(3, 2), queued});
    ASSERT_THAT(harness.started(), SizeIs(2));
    harness.advance(harness.sweep.tuning.leaderless_exit - Millis{1});
    EXPECT_THAT(harness.ordered<EndAttempt>(), IsEmpty());
    EXPECT_THAT(harness.ordered<EndForeignRanks>(), SizeIs(1));
    harness.advance(Millis{1});
    ASSERT_THAT(harness.ordered<EndAttempt>(), SizeIs(1));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].unit, unit_at(0));
    EXPECT_EQ(harness.ordered<EndAttempt>()[0].cause, Cause::agent_lost);
    EXPECT_TRUE(harness.ordered<EndAttempt>()[0].at_once);
    harness.finish(unit_at(0), 1, Cause::agent_lost);
    EXPECT_THAT(harness.started(), SizeIs(2));
}

TEST(AgentOfAGang, LooksForNoRanksWhereNoUnitHasSeveral) {
    AgentHarness harness;
    harness.connect();
    harness.advance(2 * harness.sweep.tuning.leaderless_exit);
    EXPECT_THAT(harness.ordered<EndForeignRanks>(), IsEmpty());
}

}  // namespace
}  // namespace xorch
