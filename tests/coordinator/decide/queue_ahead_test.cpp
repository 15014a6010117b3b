// Sites whose jobs may not submit jobs: the submitter queues a chain of allocations, and nobody in
// one of them asks for another.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/decide/harness.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

Sweep queued_ahead(std::uint32_t allocations) {
    Sweep sweep = make_sweep({make_stage("train", 2)});
    sweep.backend = BackendKind::slurm;
    sweep.slurm.queue_ahead = allocations;
    return sweep;
}

TEST(QueueAhead, ASubmitterQueuesSoManyAllocationsOneBehindTheOther) {
    const Sweep sweep = queued_ahead(3);
    MemoryJournal journal;
    const Now now{1'000s, 1'700'000'000s};
    Reign reign(make_state(sweep), EpochNumber{1}, journal, now);
    reign.on_tick(now);
    const std::vector<AllocationState>& all = reign.state().allocations();
    for (std::uint32_t n = 1; n <= 3; ++n) {
        ASSERT_THAT(all, SizeIs(n)) << "the job to wait behind is not known yet";
        EXPECT_EQ(all.back().after, AllocationId{n - 1});
        const AllocationSubmitted taken{AllocationId{n}, std::to_string(40 + n)};
        reign.on_allocation(now, {taken});
    }
    EXPECT_THAT(all, SizeIs(3));
    reign.on_durable(now, journal.entries.size());
    const auto orders = said<StartAllocation>(reign.take());
    ASSERT_THAT(orders, SizeIs(3));
    EXPECT_EQ(orders[2].after_job, "42");
}

// As a job of a site whose jobs may not submit jobs sees it.
struct QueuedAheadHarness : Harness {
    QueuedAheadHarness() : Harness(queued_ahead(2)) {
        reign->runs_in(AllocationId{1});
        const AllocationSubmitted taken{AllocationId{1}, "41"};
        reign->on_allocation(now, {taken});
    }
};

TEST(QueueAhead, AnAllocationAsksForNoOther) {
    QueuedAheadHarness harness;
    ASSERT_THAT(harness.state().allocations(), SizeIs(2));
    harness.reign->on_allocation(
        harness.now,
        {
            AllocationSubmitted{AllocationId{2}, "42"}
    }
    );
    harness.tick_after(1h);
    EXPECT_THAT(harness.state().allocations(), SizeIs(2)) << "a submitter would queue a third";
}

TEST(QueueAhead, TheLastAllocationOfAChainWaitsForNobodyAndSaysThatNobodyComes) {
    QueuedAheadHarness harness;
    harness.reign->on_hand_over(harness.now, AllocationId{1});
    const auto notes = said<Notification>(harness.drain());
    EXPECT_TRUE(harness.reign->finished());
    ASSERT_THAT(notes, SizeIs(1));
    EXPECT_EQ(notes.front().event, "stranded");
}

}  // namespace
}  // namespace xorch
