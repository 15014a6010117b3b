#pragma once

// Which programs the units of a sweep will really run. Another python3 may come first on the PATH
// of the submitter, or of `[env] setup`, than the one that has the libraries: submit says which it
// is before hours are spent with it.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// A line for each stage whose program is not already named by its full path. Runs `[env] setup`, so
// that its failure is known before anything starts. A program that is not there is a line, not an
// error: an earlier stage may make it.
Result<std::vector<std::string>> describe_programs(
    const Sweep& sweep, const std::vector<std::string>& environment
);

}  // namespace xorch
