#pragma once

// What this machine is, as this process sees it. Starts bash, python3 and nvidia-smi where they are
// on PATH. Blocks.

#include <string>
#include <vector>

#include "tools/cli/doctor/judge/facts.h"

namespace xorch {

MachineFacts probe_machine(const std::vector<std::string>& environment);

}  // namespace xorch
