#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

Stage with_cpus(Stage stage, std::uint32_t cpus) {
    stage.resources.cpus = cpus;
    return stage;
}

TEST(Scheduler, NeverQueuesLongUnits) {
    Harness harness(make_sweep({make_stage("train", 10)}));
    const IncarnationId agent = harness.join();
    for (int i = 0; i < 3; ++i) {
        harness.finish(agent, harness.held(agent).front());
        EXPECT_THAT(harness.held(agent), SizeIs(2));
    }
}

TEST(Scheduler, QueuesTwoTenthsOfASecondOfShortUnits) {
    Harness harness(make_sweep({make_stage("train", 1'000)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::none, 10ms));
    EXPECT_THAT(harness.held(agent), SizeIs(2 + 2 * 20)) << "two slots, 20 units of 10 ms each";
}

TEST(Scheduler, QueuesAtMostFiveHundredAndTwelvePerSlot) {
    Harness harness(make_sweep({make_stage("train", 3'000)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::none, 0ms));
    EXPECT_THAT(harness.held(agent), SizeIs(2 + 2 * 512));
}

TEST(Scheduler, QueuesOneUnitPerSlotIfTheyTakeASecond) {
    Harness harness(make_sweep({make_stage("train", 100)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::none, 1s));
    EXPECT_THAT(harness.held(agent), SizeIs(4));
}

TEST(Scheduler, FillsAQueueOnlyWhenItIsHalfEmpty) {
    Harness harness(make_sweep({make_stage("train", 1'000)}));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::none, 10ms));
    const std::size_t full = harness.held(agent).size();
    while (harness.held(agent).size() > full / 2 + 2) {
        const std::size_t before = harness.held(agent).size();
        harness.end(agent, harness.held(agent).front(), ended(Cause::none, 10ms));
        EXPECT_EQ(harness.held(agent).size(), before - 1);
    }
    harness.end(agent, harness.held(agent).front(), ended(Cause::none, 10ms));
    harness.end(agent, harness.held(agent).front(), ended(Cause::none, 10ms));
    EXPECT_GE(harness.held(agent).size(), full - 2);
}

TEST(Scheduler, RespectsEveryResource) {
    Stage stage = make_stage("train", 10);
    stage.resources.memory = Bytes{3'000};
    Harness harness(make_sweep({stage}));
    AgentHello hello;
    hello.incarnation = agent_a;
    hello.allocation = {1};
    hello.node = "node-1";
    hello.capacity = {.cpus = 8, .gpus = 0, .memory = Bytes{10'000}};
    harness.say(agent_a, hello);
    EXPECT_THAT(harness.held(agent_a), SizeIs(3));
}

TEST(Scheduler, FillsWhatABlockedEarlierStageCannotUse) {
    Harness harness(make_sweep({with_cpus(make_stage("big", 2), 3), make_stage("small", 4)}));
    const IncarnationId agent = harness.join(0xa, "node-1", 4);
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 0), key(1, 0)));
}

TEST(Scheduler, DrainsAnAgentForAnEarlierStageThatLaterUnitsKeepOut) {
    Stage big = with_cpus(make_stage("big", 1), 2);
    big.needs = {"first"};
    big.axes = {
        {.name = "one", .values = {Value(1)}, .when = {}}
    };
    big.argv = {"big", "{one}"};
    Stage first = make_stage("first", 1);
    Harness harness(make_sweep({first, big, make_stage("small", 9)}));
    const IncarnationId agent = harness.join();
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 0), key(2, 0)));
    harness.finish(agent, key(0, 0));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(2, 0))) << "the big unit waits for its end";
    harness.finish(agent, key(2, 0));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(1, 0)));
}

TEST(Scheduler, PassesOverUnitsThatWaitForTheirRetry) {
    Harness harness(make_sweep({make_stage("train", 3)}));
    const IncarnationId agent = harness.join(0xa, "node-1", 1);
    harness.end(agent, key(0, 0), ended(Cause::user_error, 5s));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 1)));
    harness.finish(agent, key(0, 1));
    harness.tick_after(1s);
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 2)));
    harness.finish(agent, key(0, 2));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 0)));
}

TEST(Scheduler, PausesASweepWhoseUnitsFitNobody) {
    Harness harness(make_sweep({with_cpus(make_stage("train", 3), 8)}));
    const IncarnationId agent = harness.join();
    EXPECT_THAT(harness.held(agent), IsEmpty());
    EXPECT_TRUE(harness.state().paused());
    EXPECT_THAT(harness.state().pause_reason(), testing::HasSubstr("cpus = 8"));
}

}  // namespace
}  // namespace xorch
