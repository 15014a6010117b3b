#pragma once

// The coordinator of one sweep: claims an epoch, reigns until the sweep is complete or stopped, and
// ends the epoch. A journal that cannot be written (a full disk, a failed sync) costs the reign but
// not the process: it waits until the disk takes bytes again and goes on in a new epoch from what
// is durable. Blocks its thread; the seams are backend, disk and stop source.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/journal/journal.h"
#include "coordinator/report/status.h"
#include "coordinator/stop_source.h"
#include "core/backend.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/sweep.h"

namespace xorch {

// What a wish to stop means.
enum class OnStop {
    stop_the_sweep,  // what runs checkpoints; the second wish stops at once
    hand_over,       // this process goes, agents and allocations stay for the next coordinator
};

struct CoordinatorSettings {
    SweepLayout layout;
    std::string sweep_hash;                // of the frozen sweep file
    Holder self;                           // this_holder()
    std::string address = "127.0.0.1";     // numeric, where it listens
    std::vector<std::string> environment;  // of notification commands

    // One line for people, without a newline. Neither this nor progress may wait for a terminal.
    std::function<void(std::string_view)> log;

    // How the sweep stands, at most every status_every and once at the end. May be empty.
    std::function<void(const SweepStatus&)> progress;

    OnStop on_stop = OnStop::stop_the_sweep;

    // That this process is a part of, and that ends when it hands over; 0 = none.
    AllocationId allocation;
    bool leaves_at_once = false;  // reign only to hand over

    // Hand over as soon as the batch system took the allocations that the sweep wants, or refused.
    bool only_submit = false;

    // Rewrites the derived tables from the journal's files. Runs on a thread of its own, never
    // twice at once; the last time after everything is durable. May be empty.
    std::function<Result<void>()> write_tables;

    Millis status_every{1'000};
    Millis disk_retry_every{1'000};  // while the journal cannot be written
    std::uint64_t facts_per_snapshot = 250'000;
    Millis farewell{15'000};  // how long the end waits for allocations to be gone
};

struct ReignOutcome {
    SweepStatus status;
    bool handed_over = false;
    unsigned stops = 0;  // wishes to stop that were heard
};

// `conflict` if another coordinator reigns, or took over.
Result<ReignOutcome> run_coordinator(
    const CoordinatorSettings& settings,
    const Sweep& sweep,
    Backend& backend,
    Disk& disk,
    StopSource& stop
);

}  // namespace xorch
