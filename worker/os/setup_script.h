#pragma once

// The script of `[env] setup` (modules, conda, venv): bash sources it once per agent, and what it
// leaves behind is the environment of units. Blocks, at most five minutes.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

// The environment that is left after bash has sourced `script` in `environment`.
Result<std::vector<std::string>> environment_after_script(
    const std::string& script,
    const std::vector<std::string>& environment,
    const std::string& directory
);

}  // namespace xorch
