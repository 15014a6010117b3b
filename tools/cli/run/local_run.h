#pragma once

// Reigning over a sweep from this process, on this machine: what local `submit`, `resume` and the
// hidden `coordinator` share. The parts know nothing of each other; here they are put together.

#include <string>
#include <vector>

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

// Blocks until the sweep is complete or was stopped. The exit code says which.
Result<ExitCode> run_here(const Context& context, const OpenedSweep& opened, Display display);

// Starts `xorch coordinator` for the sweep in a session of its own, its messages going to
// <sweep>/coordinator.log. Returns once it reigns; an error if it ended before that.
Result<void> run_detached(const SweepLayout& layout);

}  // namespace xorch
