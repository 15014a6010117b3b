#pragma once

// A sweep on a disk in memory whose journal a test writes fact by fact, for the tests of everything
// that reads one.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "coordinator/journal/journal.h"
#include "coordinator/report/sweep_reader.h"
#include "tests/support/memory_disk.h"

namespace xorch {

class SampleSweep {
 public:
    // Stage "train": axis lr of 0.1 and 0.01, axis repeat of 0, 1, 2; six units in that order.
    SampleSweep() : SampleSweep(sweep_of_six()) {}

    explicit SampleSweep(Sweep sweep) : sweep_(std::move(sweep)) {
        EXPECT_TRUE(disk.make_directory(layout.root));
        EXPECT_TRUE(disk.make_directory(layout.journal()));
        auto writer =
            JournalWriter::claim(disk, layout.journal(), {}, {.host = "node1", .pid = 7}, "h");
        EXPECT_TRUE(writer) << writer.error().message;
        writer_.emplace(*std::move(writer));
        AgentJoined joined;
        joined.incarnation = agent;
        joined.allocation = AllocationId{1};
        joined.node = "node1";
        joined.capacity.cpus = 8;
        write({
            AllocationIntended{AllocationId{1}, "t"}
        });
        write({
            AllocationSubmitted{AllocationId{1}, "77"}
        });
        write({
            AllocationStarted{AllocationId{1}, Millis{0}}
        });
        write({joined});
    }

    static Sweep sweep_of_six() {
        Stage train;
        train.name = "train";
        train.argv = {"train", "{lr}", "{repeat}"};
        Axis lr;
        lr.name = "lr";
        lr.values = {0.1, 0.01};
        Axis repeat;
        repeat.name = "repeat";
        repeat.values = {0, 1, 2};
        train.axes = {lr, repeat};
        train.canary = false;
        Sweep sweep;
        sweep.name = "sample";
        sweep.stages = {train};
        sweep.summary.by = {"lr"};
        return sweep;
    }

    void write(std::vector<Fact> facts) {
        writer_->stage({.at_unix = Millis{1'763'712'307'000}, .facts = std::move(facts)});
        const auto written = writer_->write(writer_->take_staged());
        ASSERT_TRUE(written) << written.error().message;
    }

    UnitKey key(std::uint32_t index) const { return {StageIndex{0}, index}; }

    AttemptEnd end(Cause cause) const {
        AttemptEnd end;
        end.cause = cause;
        end.started_unix = Millis{1'763'712'300'000};
        end.ran = Millis{1500};
        end.env_key = "env1";
        return end;
    }

    void assign(std::uint32_t index, std::uint32_t attempt = 1) {
        UnitsAssigned assigned;
        assigned.incarnation = agent;
        assigned.units = {
            {key(index), AttemptNumber{attempt}}
        };
        write({assigned});
    }

    void finish(std::uint32_t index, const std::string& rows) {
        assign(index);
        AttemptEnd done = end(Cause::none);
        done.rows = rows;
        write({
            UnitFinished{.unit = key(index), .attempt = AttemptNumber{1}, .end = done}
        });
    }

    void fail(std::uint32_t index, const std::string& message) {
        assign(index);
        AttemptEnd failed = end(Cause::user_error);
        failed.exit_code = 1;
        failed.message = message;
        failed.tail = "Traceback\nImportError: no numpy\n";
        write({
            UnitFailed{.unit = key(index), .attempt = AttemptNumber{1}, .end = failed}
        });
    }

    SweepReader read() {
        auto plan = Plan::make(sweep_);
        EXPECT_TRUE(plan) << plan.error().message;
        auto reader = SweepReader::read(disk, layout, *std::move(plan));
        EXPECT_TRUE(reader) << reader.error().message;
        return *std::move(reader);
    }

    MemoryDisk disk;
    SweepLayout layout{"/sample"};
    IncarnationId agent{0xa};

 private:
    Sweep sweep_;
    std::optional<JournalWriter> writer_;
};

}  // namespace xorch
