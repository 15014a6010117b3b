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

TEST(Attempts, AreAssignedAsManyAsFitInPlanOrder) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 0), key(0, 1)));
    const auto assigned = told<AssignKeys>(harness.drain());
    ASSERT_THAT(assigned, SizeIs(1));
    EXPECT_THAT(assigned.front().units, SizeIs(2));
    EXPECT_EQ(assigned.front().units.front().attempt, AttemptNumber{1});
}

TEST(Attempts, AreNotSpokenOfBeforeTheirFactsAreDurable) {
    Harness harness(train());
    harness.join();
    EXPECT_THAT(harness.reign->take(), IsEmpty());
    EXPECT_THAT(told<AssignKeys>(harness.drain()), SizeIs(1));
}

TEST(Attempts, AreAcknowledgedOnlyWhenTheirEndIsDurable) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.drain();
    harness.finish(agent, key(0, 0));
    EXPECT_THAT(told<Acknowledge>(harness.reign->take()), IsEmpty());
    EXPECT_THAT(told<Acknowledge>(harness.drain()), ElementsAre(Acknowledge{1}));
}

TEST(Attempts, EndInOneBatchForOneFrame) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    const std::size_t before = harness.journal.entries.size();
    harness.say_all(
        agent,
        {harness.report(agent, key(0, 0), 1, ended(Cause::none, 5s)),
         harness.report(agent, key(0, 1), 1, ended(Cause::none, 5s))}
    );
    EXPECT_EQ(harness.journal.entries[before].batch.facts.size(), 2U);
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 2), key(0, 3)));
}

TEST(Attempts, ThatFailedAreTriedAgainAfterGrowingDelays) {
    Sweep sweep = train(1);
    sweep.stages.front().limits.retries = 2;
    Harness harness(std::move(sweep));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::user_error));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
    harness.tick_after(999ms);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
    harness.tick_after(1ms);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned);
    EXPECT_EQ(harness.state().unit(key(0, 0)).attempt, 2U);
    harness.end(agent, key(0, 0), ended(Cause::crash));
    harness.tick_after(1'999ms);
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::ready);
    harness.tick_after(1ms);
    harness.end(agent, key(0, 0), ended(Cause::user_error));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::failed);
    EXPECT_EQ(harness.state().unit(key(0, 0)).cause, Cause::user_error);
}

TEST(Attempts, StoppedTwiceWithoutANewerCheckpointEndWithTheArithmetic) {
    Harness harness(train(1));
    const IncarnationId agent = harness.join();
    harness.sealed(agent, key(0, 0), 1, 40);
    harness.end(agent, key(0, 0), ended(Cause::time_limit, 58s));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned) << "at once, without delay";
    harness.take_facts();
    harness.end(agent, key(0, 0), ended(Cause::checkpointed, 59s));
    const auto failed = all_of<UnitFailed>(harness.take_facts());
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_EQ(failed.front().end.cause, Cause::no_progress);
    EXPECT_THAT(failed.front().end.message, HasSubstr("59.0 s"));
    EXPECT_THAT(failed.front().end.message, HasSubstr("117.0 s"));
    EXPECT_THAT(failed.front().end.message, HasSubstr("step 40"));
}

TEST(Attempts, StoppedAgainAndAgainWithNewerCheckpointsGoOn) {
    Harness harness(train(1));
    const IncarnationId agent = harness.join();
    for (int step = 1; step <= 5; ++step) {
        harness.sealed(agent, key(0, 0), 1, step);
        harness.end(agent, key(0, 0), ended(Cause::time_limit));
        EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::assigned);
    }
}

TEST(Attempts, OfOneUnitShareItsTimeout) {
    Sweep sweep = train(1);
    sweep.stages.front().limits.timeout = 10s;
    Harness harness(std::move(sweep));
    const IncarnationId agent = harness.join();
    harness.end(agent, key(0, 0), ended(Cause::user_error, 6s));
    harness.tick_after(1s);
    harness.end(agent, key(0, 0), ended(Cause::user_error, 5s));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::failed);
    EXPECT_EQ(harness.state().unit(key(0, 0)).cause, Cause::timeout);
}

TEST(Attempts, ReportedTwiceCountOnceAndAreAcknowledgedAgain) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    const EndReport report = harness.report(agent, key(0, 0), 1, ended(Cause::none));
    harness.say(agent, report);
    harness.drain();
    harness.take_facts();
    harness.say(agent, report);
    EXPECT_THAT(harness.take_facts(), IsEmpty());
    EXPECT_THAT(told<Acknowledge>(harness.drain()), ElementsAre(Acknowledge{1}));
}

TEST(Attempts, AreNotAcknowledgedPastAGap) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    const EndReport first = harness.report(agent, key(0, 0), 1, ended(Cause::none));
    harness.say(agent, harness.report(agent, key(0, 1), 1, ended(Cause::none)));
    EXPECT_EQ(harness.phase(key(0, 1)), UnitPhase::done);
    EXPECT_THAT(told<Acknowledge>(harness.drain()), IsEmpty());
    harness.say(agent, first);
    EXPECT_THAT(told<Acknowledge>(harness.drain()), ElementsAre(Acknowledge{1}));
}

TEST(Attempts, ThatDifferFromTheResultThatCountsAreKeptAside) {
    Harness harness(train(1));
    const IncarnationId agent = harness.join();
    harness.finish(agent, key(0, 0), "{\"x\": 1}\n");
    Harness other(train(2));
    const IncarnationId first = other.join();
    other.finish(first, key(0, 0), "{\"x\": 1}\n");
    other.take_facts();
    AttemptEnd end = ended(Cause::none);
    end.rows = "{\"x\": 1}\n";
    other.say(first, other.report(first, key(0, 0), 7, end));
    EXPECT_THAT(all_of<ResultRefused>(other.take_facts()), IsEmpty());
    end.rows = "{\"x\": 2}\n";
    other.say(first, other.report(first, key(0, 0), 8, end));
    EXPECT_THAT(all_of<ResultRefused>(other.take_facts()), SizeIs(1));
}

TEST(Attempts, NamingNoUnitOfThePlanChangeNothing) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.take_facts();
    harness.say(agent, harness.report(agent, key(9, 0), 1, ended(Cause::none)));
    harness.say(agent, harness.report(agent, key(0, 99), 1, ended(Cause::none)));
    harness.say(agent, AttemptStarted{key(3, 3), AttemptNumber{1}, 1});
    EXPECT_THAT(harness.take_facts(), IsEmpty());
}

TEST(Attempts, OfACancelledUnitDoNotCount) {
    Harness harness(train());
    const IncarnationId agent = harness.join();
    harness.drain();
    harness.request("r1", "cancel", R"({"units": ["train/0"]})");
    const auto messages = harness.drain();
    ASSERT_THAT(told<StopAttempt>(messages), SizeIs(1));
    EXPECT_EQ(told<StopAttempt>(messages).front().cause, Cause::cancelled);
    harness.say(agent, harness.report(agent, key(0, 0), 1, ended(Cause::none)));
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::cancelled);
    EXPECT_THAT(told<Acknowledge>(harness.drain()), ElementsAre(Acknowledge{1}));
}

TEST(Attempts, GiveTheirResultToEqualUnitsInTheSameBatch) {
    Stage second = make_stage("second", 2);
    second.argv = {"first", "{i}"};
    Harness harness(make_sweep({make_stage("first", 2), second}));
    const IncarnationId agent = harness.join();
    harness.take_facts();
    harness.finish(agent, key(0, 0));
    const auto adopted = all_of<UnitAdopted>(harness.take_facts());
    ASSERT_THAT(adopted, SizeIs(1));
    EXPECT_EQ(adopted.front().unit, key(1, 0));
    EXPECT_EQ(adopted.front().from, "first/0");
    EXPECT_EQ(adopted.front().end.rows, "{\"x\": 1}\n");
    harness.finish(agent, key(0, 1));
    EXPECT_TRUE(harness.state().complete());
}

TEST(Attempts, AreSavedByResultsOfAnEarlierSweep) {
    Harness harness(train(3));
    harness.reign->on_adopted(
        harness.now,
        {
            {key(0, 0), "/old", ended(Cause::none)}
    }
    );
    EXPECT_EQ(harness.phase(key(0, 0)), UnitPhase::done);
    const IncarnationId agent = harness.join();
    EXPECT_THAT(harness.held(agent), ElementsAre(key(0, 1), key(0, 2)));
}

class Rows : public RowSource {
 public:
    Result<std::string> rows(FactLocation) override { return std::string("{\"x\": NaN}\n"); }
};

TEST(Attempts, CarryTheRecordsOfTheirInputs) {
    Stage second = make_stage("second", 2);
    second.needs = {"first"};
    second.limits.timeout = 10s;
    Harness harness(make_sweep({make_stage("first", 2), second}));
    const IncarnationId agent = harness.join();
    harness.finish(agent, key(0, 1));
    ASSERT_EQ(harness.phase(key(1, 1)), UnitPhase::assigned);
    Rows rows;
    const SweepLayout layout{.root = "/runs/s"};
    const auto made =
        assignment(harness.state(), {key(1, 1), AttemptNumber{1}}, false, layout, rows);
    ASSERT_TRUE(made.has_value());
    const std::string id = format_unit_id(harness.state().plan().id(key(0, 1)));
    EXPECT_THAT(made->inputs, HasSubstr("\"records\":[{\"x\":NaN}]"));
    EXPECT_THAT(made->inputs, HasSubstr("/" + id + "/1/out"));
    EXPECT_EQ(made->params, "{\"i\":1}");
    EXPECT_EQ(made->timeout_left, 10s);
}

}  // namespace
}  // namespace xorch
