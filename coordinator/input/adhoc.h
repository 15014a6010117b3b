#pragma once

// A sweep without a file: `xorch submit --axis lr=1e-4,1e-3 -- python train.py --lr {lr}`.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

// The text of the sweep file that says the same; parse_sweep() checks it. `axes` are "name=a,b,c":
// each value is read as TOML where it is TOML (1, 0.5, true, "a,b") and as a string otherwise.
Result<std::string> read_adhoc(
    const std::vector<std::string>& axes, const std::vector<std::string>& argv
);

}  // namespace xorch
