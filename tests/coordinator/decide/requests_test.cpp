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

Sweep train(int count = 6) {
    return make_sweep({make_stage("train", count)});
}

ClientReply reply(Harness& harness) {
    const auto replies = said<ClientReply>(harness.drain());
    XORCH_CHECK(replies.size() == 1, "not one reply");
    return replies.front();
}

TEST(Requests, AreAnsweredWhenTheirFactsAreDurable) {
    Harness harness(train());
    harness.join();
    harness.drain();
    harness.request("r1", "cancel", R"({"ranges": [{"stage": "train", "first": 3, "count": 2}]})");
    EXPECT_THAT(said<ClientReply>(harness.reign->take()), IsEmpty());
    const ClientReply first = reply(harness);
    EXPECT_TRUE(first.ok);
    EXPECT_EQ(first.text, R"({"cancelled":2})");
    EXPECT_EQ(harness.state().stage(StageIndex{0}).in(UnitPhase::cancelled), 2U);
}

TEST(Requests, RepeatedAreAnsweredAlikeAlsoByTheNextEpoch) {
    Harness harness(train());
    harness.request("r1", "cancel", R"({"units": ["train/5"]})");
    const ClientReply first = reply(harness);
    harness.request("r1", "cancel", R"({"units": ["train/5"]})");
    EXPECT_EQ(reply(harness), first);
    harness.crash();
    harness.drain();
    harness.request("r1", "cancel", R"({"units": ["train/5"]})");
    EXPECT_EQ(reply(harness), first);
}

TEST(Requests, ThatSayNothingValidAreRefusedWithoutAFact) {
    Harness harness(train());
    harness.take_facts();
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"explode", ""                                                                    },
        {"cancel",  "{"                                                                   },
        {"cancel",  R"({"units": ["train/6"]})"                                           },
        {"cancel",  R"({"units": ["train"]})"                                             },
        {"cancel",  R"({"units": ["trian/1"]})"                                           },
        {"cancel",  R"({"units": [3]})"                                                   },
        {"cancel",  R"({"stages": "train"})"                                              },
        {"retry",   R"({"ranges": [{"stage": "train", "first": 1}]})"                     },
        {"retry",   R"({"ranges": [{"stage": "train", "first": 4294967295, "count": 2}]})"}
    };
    for (const auto& [verb, arguments] : bad) {
        harness.request("r" + arguments, verb, arguments);
        EXPECT_FALSE(reply(harness).ok) << verb << " " << arguments;
    }
    EXPECT_THAT(harness.take_facts(), IsEmpty());
}

TEST(Requests, CancelEverythingCompletesTheSweep) {
    Harness harness(train());
    harness.join();
    harness.request("r1", "cancel");
    EXPECT_TRUE(harness.state().complete());
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
}

TEST(Requests, RetryGivesFailedUnitsANewBudget) {
    Sweep sweep = train(2);
    sweep.stages.front().limits.retries = 0;
    Harness harness(std::move(sweep));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::crash, 5s));
    harness.drain();
    harness.request("r1", "retry");
    EXPECT_EQ(reply(harness).text, R"({"revived":1,"continued":false})");
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned);
    EXPECT_EQ(harness.state().unit(key(0, 0)).attempt, 2U);
}

TEST(Requests, PauseLetsRunningUnitsFinishAndEndsTheReign) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.request("r1", "pause");
    harness.finish(agent, key(0, 0));
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 1)));
    EXPECT_FALSE(harness.reign->finished());
    harness.finish(agent, key(0, 1));
    harness.drain();
    EXPECT_TRUE(harness.reign->finished());
    EXPECT_EQ(harness.phase(key(0, 2)), UnitPhase::ready);
}

TEST(Requests, ContinueBeginsWherePauseStopped) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.request("r1", "pause");
    harness.finish(agent, key(0, 0));
    harness.request("r2", "continue");
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 1), key(0, 2)));
}

TEST(Requests, StatusIsAnsweredFromMemory) {
    Harness harness(train());
    harness.join();
    harness.take_facts();
    harness.request("r1", "status");
    EXPECT_THAT(reply(harness).text, HasSubstr(R"("assigned":2)"));
    EXPECT_THAT(harness.take_facts(), IsEmpty());
}

TEST(Stop, AsksAgentsToLeaveAndEndsWhenTheyAreGone) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.drain();
    harness.reign->on_stop_requested(harness.now, false);
    const auto leave = told<Leave>(harness.drain());
    ASSERT_THAT(leave, SizeIs(1));
    EXPECT_FALSE(leave.front().at_once);
    harness.end(agent, key(0, 0), ended(Cause::stop_request));
    harness.finish(agent, key(0, 1));
    EXPECT_THAT(harness.held(agent), IsEmpty()) << "nothing new begins";
    EXPECT_FALSE(harness.reign->finished());
    harness.say(agent, AgentGoodbye{"asked to"});
    const auto messages = harness.drain();
    EXPECT_THAT(said<EndAllocation>(messages), SizeIs(1));
    EXPECT_TRUE(harness.reign->finished());
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
    EXPECT_EQ(harness.phase(key(0, 1)), UnitPhase::done);
    EXPECT_EQ(harness.state().barren_allocations(), 0U);
}

TEST(Stop, AtOnceWaitsForNobody) {
    Harness harness(train());
    harness.join();
    harness.drain();
    harness.reign->on_stop_requested(harness.now, false);
    harness.reign->on_stop_requested(harness.now, true);
    const auto messages = harness.drain();
    ASSERT_FALSE(told<Leave>(messages).empty());
    EXPECT_TRUE(told<Leave>(messages).back().at_once);
    EXPECT_TRUE(harness.reign->finished());
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
}

TEST(Stop, IsAlsoARequest) {
    Harness harness(train());
    harness.request("r1", "stop", R"({"at_once": true})");
    EXPECT_TRUE(reply(harness).ok);
    EXPECT_TRUE(harness.reign->finished());
}

}  // namespace
}  // namespace xorch
