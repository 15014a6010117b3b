#pragma once

// The ranks of gangs on this node, whoever started them: under srun they are children of Slurm's
// daemon and of no agent, so they are known by their environment. Any thread.

#include <string>
#include <vector>

#include "core/ids.h"
#include "worker/os/process_tree.h"

namespace xorch {

// In the environment of a rank's program and of what it starts.
inline constexpr const char* rank_variable = "XORCH_RANK";

// All living processes of the ranks of the gang with this folder, and what they started; not those
// of its launcher.
std::vector<Process> ranks_of_gang(const std::string& folder);

// The same of all gangs of a sweep that another agent than `incarnation` leads, but of those with
// these folders.
std::vector<Process> ranks_led_elsewhere(
    const std::string& sweep_directory,
    IncarnationId incarnation,
    const std::vector<std::string>& but_folders
);

}  // namespace xorch
