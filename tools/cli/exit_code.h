#pragma once

// What a program says to its caller when it ends (design: section 10), in one place.

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

}  // namespace xorch
