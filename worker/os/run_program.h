#pragma once

// Runs a program to its end and keeps what it wrote: for the set-up script of the environment and
// other short things at the start of an agent. Blocks; not for units.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "worker/os/spawn.h"

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

// The environment that is left after bash has sourced `script` in `environment`.
Result<std::vector<std::string>> environment_after_script(
    const std::string& script,
    const std::vector<std::string>& environment,
    const std::string& directory
);

}  // namespace xorch
