// Standing by, and the reigns before and after: a coordinator goes, another one comes, agents stay.

#include "coordinator/standby.h"

#include <gmock/gmock.h>

#include "tests/coordinator/serve/coordinator_fixture.h"
#include "tests/support/memory_disk.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;

constexpr Millis silent{20s};
constexpr EpochNumber epoch{3};

Now at(Millis boot) {
    return {.boot = boot, .unix = 0ms};
}

TEST(SilenceWatch, WaitsUntilACounterHasStoodStillLongEnough) {
    SilenceWatch watch(silent);
    EXPECT_FALSE(watch.observe(at(100s), epoch, {7, false}));
    EXPECT_FALSE(watch.observe(at(120s - 1ms), epoch, {7, false}));
    EXPECT_TRUE(watch.observe(at(120s), epoch, {7, false}));
}

TEST(SilenceWatch, StartsOverWhenTheCounterMoves) {
    SilenceWatch watch(silent);
    EXPECT_FALSE(watch.observe(at(100s), epoch, {7, false}));
    EXPECT_FALSE(watch.observe(at(119s), epoch, {8, false}));
    EXPECT_FALSE(watch.observe(at(120s), epoch, {8, false}));
    EXPECT_TRUE(watch.observe(at(139s), epoch, {8, false}));
}

TEST(SilenceWatch, StartsOverForEachEpoch) {
    SilenceWatch watch(silent);
    EXPECT_FALSE(watch.observe(at(100s), epoch, {7, false}));
    EXPECT_FALSE(watch.observe(at(120s), EpochNumber{4}, {7, false}));
    EXPECT_TRUE(watch.observe(at(140s), EpochNumber{4}, {7, false}));
}

TEST(SilenceWatch, TakesAMissingCounterForOneThatStandsStill) {
    SilenceWatch watch(silent);
    EXPECT_FALSE(watch.observe(at(100s), epoch, {}));
    EXPECT_TRUE(watch.observe(at(120s), epoch, {}));
}

TEST(SilenceWatch, DoesNotWaitForAnEpochThatEnded) {
    SilenceWatch watch(silent);
    EXPECT_TRUE(watch.observe(at(100s), epoch, {7, true}));
}

TEST(StandBy, ASweepThatNobodyEverRanMayBeClaimed) {
    MemoryDisk disk;
    const SweepLayout layout{"/sweep"};
    ASSERT_TRUE(disk.make_directory(layout.root));
    ASSERT_TRUE(disk.make_directory(layout.journal()));
    FakeStop stop;
    const auto stood = stand_by(disk, {.layout = layout, .allocation = {1}}, Sweep{}, stop);
    ASSERT_TRUE(stood) << stood.error().message;
    EXPECT_EQ(*stood, Stood::may_claim);
}

// A reign whose coordinator hands over when it is told to go.
class HandOverOfReigns : public CoordinatorFixture {
 protected:
    void SetUp() override {
        CoordinatorFixture::SetUp();
        settings_.on_stop = OnStop::hand_over;
    }

    // Two units are done, the agent holds others.
    void hand_over(FakeAgent& worker) {
        worker.finish_limit = 2;
        ASSERT_TRUE(worker.run_until([&] {
            return worker.acknowledged >= 2 && !worker.held.empty();
        }));
        stop_.wish();
        ASSERT_TRUE(outcome()) << outcome().error().message;
        EXPECT_TRUE(outcome()->handed_over);
    }

    Result<Stood> stand_by_in(AllocationId allocation) {
        Sweep sweep = sweep_;
        sweep.tuning.holder_silent = 20ms;
        return stand_by(
            disk_, {.layout = layout_, .allocation = allocation, .look_every = 1ms}, sweep, stop_
        );
    }
};

TEST_F(HandOverOfReigns, LeavesAllocationsAndUnitsToTheNextOne) {
    start(make_sweep(20));
    FakeAgent worker = agent();
    hand_over(worker);
    EXPECT_FALSE(worker.leave.has_value());
    const ReadState between = read();
    EXPECT_TRUE(between.end.ended);
    EXPECT_FALSE(between.state.allocations()[0].ended);
    EXPECT_EQ(between.state.present_agents().size(), 1U);
    EXPECT_TRUE(read_alive_sign(disk_, layout_.alive(between.end.epoch))->marked_ended);

    start(make_sweep(20));
    worker.finish_held();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome()) << outcome().error().message;
    EXPECT_FALSE(outcome()->handed_over);
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
    EXPECT_EQ(worker.epoch, EpochNumber{2});
    EXPECT_EQ(read().state.allocations().size(), 1U);
    EXPECT_EQ(worker.assigned.size(), 20U) << "nothing was given away";
}

TEST_F(HandOverOfReigns, ComesAsSoonAsAllocationsAreSubmittedIfOnlyThatIsWanted) {
    settings_.only_submit = true;
    start(make_sweep(20));
    ASSERT_TRUE(outcome()) << outcome().error().message;
    EXPECT_TRUE(outcome()->handed_over);
    const ReadState journal = read();
    ASSERT_EQ(journal.state.allocations().size(), 1U);
    EXPECT_TRUE(journal.state.allocations()[0].submitted);
    EXPECT_FALSE(journal.state.allocations()[0].ended);
    EXPECT_FALSE(journal.state.complete());
}

TEST_F(HandOverOfReigns, IsSeenByWhoeverStandsByInALivingAllocation) {
    start(make_sweep(20));
    FakeAgent worker = agent();
    hand_over(worker);
    const auto stood = stand_by_in({1});
    ASSERT_TRUE(stood) << stood.error().message;
    EXPECT_EQ(*stood, Stood::may_claim);
    EXPECT_EQ(stand_by_in({2}).value(), Stood::over) << "an allocation that nobody knows";
    EXPECT_EQ(stand_by_in({0}).value(), Stood::over);
}

TEST_F(HandOverOfReigns, ASilentHolderIsSeenToo) {
    start(make_sweep(20));
    FakeAgent worker = agent();
    hand_over(worker);
    ASSERT_TRUE(disk_.remove(layout_.alive(EpochNumber{1})));
    EXPECT_EQ(stand_by_in({1}).value(), Stood::may_claim);
}

TEST_F(HandOverOfReigns, NobodyStandsByLongerThanWanted) {
    start(make_sweep(20));
    FakeAgent worker = agent();
    hand_over(worker);
    stop_.wish();
    EXPECT_EQ(stand_by_in({1}).value(), Stood::told_to_go);
}

TEST_F(HandOverOfReigns, ThereIsNothingLeftToDoInAnAllocationThatEnded) {
    settings_.on_stop = OnStop::stop_the_sweep;
    start(make_sweep(20));
    FakeAgent worker = agent();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    EXPECT_EQ(stand_by_in({1}).value(), Stood::over);
}

TEST_F(HandOverOfReigns, AnAllocationThatOnlyTheQueueForgotKeepsItsKey) {
    settings_.on_stop = OnStop::stop_the_sweep;
    start(make_sweep(20));
    FakeAgent worker = agent();
    worker.finish_limit = 0;
    ASSERT_TRUE(worker.run_until([&] { return worker.welcomes == 1; }));
    backend_.end({1}, std::string(reason_forgotten));
    // Answered in a later turn than the backend is heard in.
    ASSERT_TRUE(ask(disk_, ask_settings(), request("dance")));
    ASSERT_TRUE(worker.join());
    ASSERT_TRUE(worker.run_until([&] { return worker.welcomes == 2; }));
    worker.finish_held();
    ASSERT_TRUE(worker.run_until([&] { return worker.leave.has_value(); }));
    ASSERT_TRUE(outcome());
    EXPECT_EQ(outcome()->status.phase, SweepPhase::complete);
}

}  // namespace
}  // namespace xorch
