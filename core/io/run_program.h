#pragma once

// Runs a program to its end and keeps what it wrote: for the set-up script of the environment, the
// commands of Slurm and other short things. Blocks; not for units.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/io/spawn.h"
#include "core/time.h"

namespace xorch {

struct ProgramRun {
    int exit_code = -1;  // -1: ended by `signal`
    int signal = 0;
    std::string output;
    std::string error_output;
};

struct RunBounds {
    Millis time{60'000};             // then it is killed, with its descendants' pipes abandoned
    std::size_t bytes = 4UL << 20U;  // per stream; more is an error
};

// `request.output` and `error_output` are replaced by pipes.
Result<ProgramRun> run_program(SpawnRequest request, RunBounds bounds);

// The end of what a program wrote, short enough for a message.
std::string last_lines(const std::string& text);

}  // namespace xorch
