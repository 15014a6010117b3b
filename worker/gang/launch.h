#pragma once

// How the ranks of a gang are started: by srun within a job of Slurm, by mpirun elsewhere or where
// a site wants it so. Pure text: what is run, and in which environment.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/messages.h"
#include "core/sweep.h"

namespace xorch {

struct GangLaunch {
    GangLauncher launcher = GangLauncher::srun;
    std::vector<RankHost> hosts;  // in the order of ranks
    Resources resources;          // of each rank
    std::string mpi;              // of srun --mpi; empty = pmix
    bool oversubscribed = false;  // more ranks than CPUs
    bool in_job = false;          // of Slurm: mpirun reaches other nodes through srun
};

// What starts gangs of this sweep.
GangLauncher launcher_of(const Sweep& sweep);

std::uint32_t rank_count(const std::vector<RankHost>& hosts);

// "srun" or "mpirun"
std::string launcher_name(GangLauncher launcher);

// Its program. not_found says what to install.
Result<std::string> find_launcher(
    GangLauncher launcher, const std::vector<std::string>& environment, const std::string& directory
);

// The program and its options; what each rank executes follows.
std::vector<std::string> launch_argv(const GangLaunch& launch);

// Lines of the file that SLURM_HOSTFILE names: the node of each rank. Slurm would sort the nodes.
std::string rank_nodes(const std::vector<RankHost>& hosts);

// The unit's environment plus what the launcher needs. `own` is the agent's: srun must know of the
// job, and nothing of the step that the agent is itself.
std::vector<std::string> launch_environment(
    std::vector<std::string> unit, const std::vector<std::string>& own, const std::string& hostfile
);

// What a rank's program gets of its own environment: without Slurm's variables unless it wants
// them, but with those by which an MPI program finds its gang.
std::vector<std::string> without_launcher(
    const std::vector<std::string>& environment, bool keep_slurm
);

}  // namespace xorch
