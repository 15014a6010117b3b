#pragma once

// What a unit's process finds in its environment (design: section 6): the agent's own, changed by
// `[env]`, without Slurm's variables unless they are wanted, plus what is told to each attempt.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// Done once per agent: `own` after `[env] setup` was sourced, with `[env] set` applied.
Result<std::vector<std::string>> base_environment(
    const Sweep& sweep, const std::vector<std::string>& own
);

// The base as units of `stage` see it: without XORCH_* of an outer sweep, without SLURM_* (and what
// goes with it) unless the stage keeps it, OMP_NUM_THREADS = cpus, Python's output unbuffered so
// that lines are rows and logs when they are printed.
std::vector<std::string> stage_environment(
    const std::vector<std::string>& base, const Stage& stage
);

// Names the program that a command really runs, for records' env_key: equal keys, equal
// environment. A short hash of the resolved path of the program and the machine type.
std::string command_env_key(const std::string& program);

}  // namespace xorch
