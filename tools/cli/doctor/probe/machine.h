#pragma once

// What this machine is, as this process sees it. Starts bash, python3 and nvidia-smi where they are
// on PATH, and xorch-runner. Blocks.

#include <optional>
#include <string>
#include <vector>

#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

MachineFacts probe_machine(const std::vector<std::string>& environment);

// What xorch-runner beside that program says of itself; nothing if it is not there.
std::optional<RunnerFacts> probe_runner(
    const std::string& program, const std::vector<std::string>& environment
);

}  // namespace xorch
