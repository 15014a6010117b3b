#pragma once

// What a program says to its caller when it ends (design: section 10), in one place.

#include "coordinator/report/status.h"
#include "core/error.h"

namespace xorch {

enum class ExitCode : int {
    complete = 0,  // or, for a Slurm submit, accepted
    error = 1,
    usage = 2,  // the command line or a configuration is wrong
    incomplete = 3,
    units_failed = 4,
    gate_not_met = 5,  // or a regression
    checkpointed = 75,
    signal_base = 128,  // plus the signal's number
};

ExitCode exit_code_of(const Error& error);

// complete: everything is done; units_failed: complete, but for failures of units;
// gate_not_met: complete, but for what a refused selection held back; incomplete: the rest, also
// with cancelled units.
ExitCode exit_code_of(const SweepStatus& status);

}  // namespace xorch
