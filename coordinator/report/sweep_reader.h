#pragma once

// A sweep as files tell it, for whoever does not reign: the frozen sweep makes the plan, the
// journal makes the state. Takes no lock and writes nothing, so it may run beside the coordinator,
// in any process. One thread at a time; the disk must outlive it.

#include <string>

#include "coordinator/decide/state.h"
#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

class SweepReader {
 public:
    // Parses the frozen sweep, makes its plan and adds up the journal, from the newest snapshot
    // that can be used.
    static Result<SweepReader> open(Disk& disk, SweepLayout layout);

    // The same over a plan that the caller has, from the journal's start.
    static Result<SweepReader> read(Disk& disk, SweepLayout layout, Plan plan);

    const SweepLayout& layout() const { return layout_; }

    const State& state() const { return state_; }

    const Plan& plan() const { return state_.plan(); }

    const JournalEnd& end() const { return end_; }

    // When the newest batch of facts was written.
    Millis last_unix() const { return last_unix_; }

    Disk& disk() const { return *disk_; }

    Result<Fact> fact(FactLocation at) const;

 private:
    SweepReader(Disk& disk, SweepLayout layout, State state);
    Result<void> replay(FactLocation from);

    Disk* disk_;  // never null
    SweepLayout layout_;
    State state_;
    JournalEnd end_;
    Millis last_unix_{0};
};

}  // namespace xorch
