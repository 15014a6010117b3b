#include "coordinator/report/goodput.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "coordinator/journal/journal.h"
#include "core/allocation.h"
#include "tests/support/memory_disk.h"

namespace xorch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Millis begin_unix = 1'700'000'000s;
constexpr StageIndex train{0};

// A journal whose facts carry times that the test chooses, in seconds from the sweep's begin. Nodes
// have two slots.
class TimedSweep {
 public:
    explicit TimedSweep(std::uint32_t ranks = 1) {
        Stage stage;
        stage.resources.ranks = ranks;
        stage.name = "train";
        stage.argv = {"train", "{seed}"};
        Axis axis;
        axis.name = "x";
        axis.values = {0, 1, 2, 3};
        stage.axes = {axis};
        stage.canary = false;
        sweep_.name = "timed";
        sweep_.stages = {stage};
        EXPECT_TRUE(disk_.make_directory(layout_.root));
        EXPECT_TRUE(disk_.make_directory(layout_.journal()));
        auto writer =
            JournalWriter::claim(disk_, layout_.journal(), {}, {.host = "n", .pid = 7}, "h");
        EXPECT_TRUE(writer) << writer.error().message;
        writer_.emplace(*std::move(writer));
    }

    void write(Millis at, std::vector<Fact> facts) {
        writer_->stage({.at_unix = begin_unix + at, .facts = std::move(facts)});
        const auto written = writer_->write(writer_->take_staged());
        ASSERT_TRUE(written) << written.error().message;
    }

    // The batch system says later when it began.
    void allocate(Millis at, Millis began) {
        const AllocationId id{++allocations_};
        write(
            at,
            {
                AllocationIntended{id, "t" },
                AllocationSubmitted{id, "77"}
        }
        );
        write(
            at,
            {
                AllocationStarted{id, begin_unix + 1h}
        }
        );
        write(
            at,
            {
                AllocationStarted{id, begin_unix + 1h, begin_unix + began}
        }
        );
    }

    void join(Millis at, std::uint64_t agent, const std::string& node = "n1") {
        AgentJoined joined{IncarnationId{agent}, AllocationId{allocations_}, node, {.cpus = 2}};
        write(at, {joined});
    }

    void leave(Millis at, std::uint64_t agent, std::string_view reason, bool in_order = true) {
        write(
            at,
            {
                AgentGone{IncarnationId{agent}, in_order, std::string(reason)}
        }
        );
    }

    void assign(Millis at, std::uint64_t agent, std::uint32_t unit, std::uint32_t attempt = 1) {
        UnitsAssigned fact{
            .incarnation = IncarnationId{agent},
            .units = {{{train, unit}, AttemptNumber{attempt}}}};
        write(at, {fact});
    }

    // To agents 1, 2, ... so many ranks each.
    void assign_gang(Millis at, std::uint32_t unit, const std::vector<std::uint32_t>& ranks) {
        UnitsAssigned fact{
            .incarnation = IncarnationId{1}, .units = {{{train, unit}, AttemptNumber{1}}}};
        for (std::size_t i = 0; i < ranks.size(); ++i)
            fact.gang.push_back({IncarnationId{i + 1}, ranks[i]});
        write(at, {fact});
    }

    static AttemptEnd ran(Cause cause, Millis from, Millis to) {
        AttemptEnd end;
        end.cause = cause;
        end.started_unix = begin_unix + from;
        end.ran = to - from;
        return end;
    }

    void finish(std::uint32_t unit, Millis from, Millis to, std::uint32_t attempt = 1) {
        write(
            to,
            {
                UnitFinished{{train, unit}, AttemptNumber{attempt}, ran(Cause::none, from, to)}
        }
        );
    }

    void give_back(std::uint32_t unit, Cause cause, Millis from, Millis to) {
        write(
            to,
            {
                UnitGivenBack{{train, unit}, AttemptNumber{1}, ran(cause, from, to)}
        }
        );
    }

    void seal(Millis at, std::uint32_t unit) {
        write(
            at,
            {
                CheckpointSealed{.unit = {train, unit}, .attempt = AttemptNumber{1}, .sequence = 1}
        }
        );
    }

    Goodput measure() {
        auto plan = Plan::make(sweep_);
        EXPECT_TRUE(plan) << plan.error().message;
        auto reader = SweepReader::read(disk_, layout_, *std::move(plan));
        EXPECT_TRUE(reader) << reader.error().message;
        auto goodput = measure_goodput(*reader);
        EXPECT_TRUE(goodput) << goodput.error().message;
        return *goodput;
    }

 private:
    MemoryDisk disk_;
    SweepLayout layout_{"/timed"};
    Sweep sweep_;
    std::optional<JournalWriter> writer_;
    std::uint32_t allocations_ = 0;
};

double seconds(Millis time) {
    return static_cast<double>(time.count());
}

TEST(Goodput, OfNoAllocationSaysNothing) {
    TimedSweep sweep;
    EXPECT_EQ(sweep.measure().allocated(), 0);
    EXPECT_EQ(sweep.measure().share(), 0);
    EXPECT_THAT(goodput_lines(sweep.measure()), IsEmpty());
}

TEST(Goodput, SplitsANodesTimeBetweenItsSlots) {
    TimedSweep sweep;
    sweep.allocate(4s, 0s);
    sweep.join(4s, 1);
    sweep.assign(4s, 1, 0);
    sweep.assign(4s, 1, 1);
    sweep.finish(0, 10s, 60s);
    sweep.finish(1, 10s, 110s);
    sweep.leave(110s, 1, "the sweep is at rest");
    sweep.write(
        150s,
        {
            AllocationEnded{AllocationId{1}, "complete"}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.start_up, seconds(10s));
    EXPECT_EQ(goodput.counts, seconds(75s)) << "half of a node for 50 s and for 100 s";
    EXPECT_EQ(goodput.idle, seconds(25s));
    EXPECT_EQ(goodput.allocated(), seconds(110s)) << "a job ends with its last agent";
    EXPECT_THAT(
        goodput_lines(goodput),
        ElementsAre("goodput: 68 % of 1.8 node-minutes; start-up 9 %, idle 23 %")
    );
}

TEST(Goodput, CallsTheTimeAfterTheNewestCheckpointOfAStoppedAttemptRepeated) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1);
    sweep.assign(0s, 1, 0);
    sweep.seal(40s, 0);
    sweep.give_back(0, Cause::time_limit, 0s, 50s);
    sweep.leave(52s, 1, reason_allocation_ends);
    sweep.allocate(60s, 60s);
    sweep.join(60s, 2);
    sweep.assign(60s, 2, 0, 2);
    sweep.finish(0, 60s, 80s, 2);
    sweep.leave(80s, 2, "the sweep is at rest");
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.counts, seconds(30s)) << "40 s and 20 s on one of two slots";
    EXPECT_EQ(goodput.repeated, seconds(5s));
    EXPECT_EQ(goodput.drain, seconds(2s));
    EXPECT_EQ(goodput.idle, seconds(35s)) << "the other slot";
    EXPECT_EQ(goodput.lost, 0);
}

TEST(Goodput, CallsAllWorkOnAUnitThatFailsLost) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1);
    sweep.assign(0s, 1, 0);
    sweep.seal(10s, 0);
    sweep.give_back(0, Cause::user_error, 0s, 20s);
    sweep.assign(20s, 1, 0, 2);
    sweep.write(
        30s,
        {
            UnitFailed{{train, 0}, AttemptNumber{2}, TimedSweep::ran(Cause::user_error, 20s, 30s)}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.lost, seconds(15s));
    EXPECT_EQ(goodput.counts, 0);
}

TEST(Goodput, CallsTheRestOfADeadAgentsNodeLost) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1, "n1");
    sweep.join(0s, 2, "n2");
    sweep.assign(0s, 1, 0);
    sweep.assign(0s, 2, 1);
    AttemptEnd end;
    end.cause = Cause::agent_lost;
    end.ran = 20s;
    sweep.write(
        20s,
        {
            UnitGivenBack{{train, 0}, AttemptNumber{1}, end}
    }
    );
    sweep.leave(20s, 1, "silent", false);
    sweep.finish(1, 0s, 100s);
    sweep.leave(100s, 2, "the sweep is at rest");
    sweep.write(
        100s,
        {
            AllocationEnded{AllocationId{1}, "complete"}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.lost, seconds(10s) + seconds(80s));
    EXPECT_EQ(goodput.allocated(), seconds(200s));
}

TEST(Goodput, CountsFromTheDeathOfAnAgentToTheNextOnesFirstUnitAsStartUp) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1);
    sweep.leave(20s, 1, "replaced", false);
    sweep.join(20s, 2);
    sweep.assign(25s, 2, 0);
    sweep.finish(0, 25s, 45s);
    sweep.leave(45s, 2, "the sweep is at rest");
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.start_up, seconds(25s));
    EXPECT_EQ(goodput.counts, seconds(10s));
    EXPECT_EQ(goodput.lost, 0);
}

TEST(Goodput, CallsAnAllocationThatNobodyCameFromLost) {
    TimedSweep sweep;
    sweep.allocate(30s, 0s);
    sweep.write(
        60s,
        {
            AllocationEnded{AllocationId{1}, "node failure"}
    }
    );
    EXPECT_EQ(sweep.measure().lost, seconds(60s));
}

TEST(Goodput, NeverFillsANodeWithWhatWaitsInItsQueue) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1);
    for (std::uint32_t unit = 0; unit < 4; ++unit)
        sweep.assign(0s, 1, unit);
    sweep.write(
        10s,
        {
            RequestDone{"later", "{}"}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.running, seconds(10s));
    EXPECT_EQ(goodput.allocated(), seconds(10s));
}

TEST(Goodput, CallsCancelledWorkLost) {
    TimedSweep sweep;
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1);
    sweep.assign(0s, 1, 0);
    sweep.assign(0s, 1, 3);
    sweep.write(10s, {UnitsCancelled{{{train, 2, 2}}}});
    sweep.finish(0, 0s, 20s);
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.lost, seconds(5s));
    EXPECT_EQ(goodput.counts, seconds(10s));
    EXPECT_EQ(goodput.idle, seconds(5s));
}

TEST(Goodput, CountsAGangOnEachOfItsNodesByItsRanks) {
    TimedSweep sweep(3);
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1, "n1");
    sweep.join(0s, 2, "n2");
    sweep.assign_gang(0s, 0, {2, 1});
    sweep.finish(0, 0s, 20s);
    sweep.leave(20s, 1, "the sweep is at rest");
    sweep.leave(20s, 2, "the sweep is at rest");
    sweep.write(
        20s,
        {
            AllocationEnded{AllocationId{1}, "complete"}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.counts, seconds(30s)) << "n1 whole, half of n2";
    EXPECT_EQ(goodput.idle, seconds(10s));
    EXPECT_EQ(goodput.allocated(), seconds(40s));
}

TEST(Goodput, CountsAGangThatRunsStill) {
    TimedSweep sweep(2);
    sweep.allocate(0s, 0s);
    sweep.join(0s, 1, "n1");
    sweep.join(0s, 2, "n2");
    sweep.assign_gang(0s, 0, {1, 1});
    sweep.write(
        10s,
        {
            RequestDone{"later", "{}"}
    }
    );
    const Goodput goodput = sweep.measure();
    EXPECT_EQ(goodput.running, seconds(10s)) << "half of both nodes";
    EXPECT_EQ(goodput.allocated(), seconds(20s));
}

}  // namespace
}  // namespace xorch
