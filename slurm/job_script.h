#pragma once

// The batch script, the same for every job of every sweep: no value is ever written into it, so
// none can become part of a program. sbatch reads it from its stdin and starts it in the directory
// of
// --chdir, the sweep's own, which holds a copy of the program; the relay learns the rest from
// SLURM_JOB_NAME and from files that only the user can read. `exec`, because a shell would run its
// traps only when its child has ended.

#include <string_view>

namespace xorch {

inline constexpr std::string_view job_script =
    "#!/bin/sh\n"
    "exec ./xorch relay\n";

}  // namespace xorch
