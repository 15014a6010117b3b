#pragma once

// Runs one of Slurm's commands: no shell, a time-out after which it and its children are killed,
// and an environment in which its output has one form. Blocks, so it belongs beside a loop, not
// into it.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/run_program.h"
#include "core/time.h"

namespace xorch {

struct SlurmCommand {
    std::vector<std::string> argv;  // argv[0] is looked for in PATH
    std::string_view input = {};    // its stdin
    // A controller that is restarting answers within its MessageTimeout (10 s, at some sites 60 s).
    Millis time{75'000};
    std::size_t bytes = 16UL << 20U;  // per stream: squeue on the largest clusters
};

// unavailable if it took too long or printed too much: what it did is unknown then. not_found if
// there is no such command. Its own failure is an exit code, not an error.
Result<ProgramRun> run_command(
    const SlurmCommand& command, const std::vector<std::string>& environment
);

// `environment` as Slurm's commands get it: without the variables by which a job's environment or a
// user's habits change what they do (SLURM_*, SBATCH_*, SQUEUE_*, ... but SLURM_CONF), without what
// an allocation tells its processes about its devices, since a successor's nodes have others; times
// as seconds since 1970. The locale stays: Slurm translates nothing, and sbatch hands it on to
// units.
std::vector<std::string> slurm_environment(const std::vector<std::string>& environment);

// What it printed; unavailable with its words if it failed.
Result<std::string_view> output_of(const ProgramRun& run, std::string_view command);

}  // namespace xorch
