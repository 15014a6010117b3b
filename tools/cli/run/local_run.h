#pragma once

// Reigning over a sweep from this process, on this machine: what local `submit`, `resume` and the
// hidden `coordinator` share. The parts know nothing of each other; here they are put together.

#include <string>
#include <vector>

#include "coordinator/loop.h"
#include "coordinator/stop_source.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

// A sweep's directory, opened for running.
struct OpenedSweep {
    SweepLayout layout;
    Sweep sweep;
    std::string hash;  // of the frozen file
};

// Reads the frozen sweep file; refuses one of another version, naming it.
Result<OpenedSweep> open_sweep(const SweepLayout& layout);

enum class Display {
    live,   // progress on standard output, the summary at the end
    quiet,  // problems only, on standard error: detached
};

struct RunMode {
    Display display = Display::live;
    OnStop on_stop = OnStop::stop_the_sweep;
    bool only_submit = false;      // hand over once the batch system took the allocations
    SignalStop* stop = nullptr;    // of the caller, made before any thread was started
    std::string job = {};          // the batch job that this process is in
    AllocationId allocation = {};  // that this job is; 0 = none
    bool leaves_at_once = false;   // reign only to see to it that somebody else will
};

// Blocks until the sweep is complete, was stopped or handed over. The exit code says which.
Result<ExitCode> run_here(const Context& context, const OpenedSweep& opened, const RunMode& mode);

// Starts `xorch coordinator` for the sweep in a session of its own, its messages going to
// <sweep>/coordinator.log. Returns once it reigns; an error if it ended before that.
Result<void> run_detached(const SweepLayout& layout);

}  // namespace xorch
