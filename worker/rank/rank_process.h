#pragma once

// The process that srun or mpirun starts once per rank: it tells the rank who it is, runs the
// unit's program as its child, passes output and signals on, and says in the gang's folder how the
// rank ended unless all is well. Whatever the program started ends with it. One thread.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

// `folder` is the gang's. Returns the exit code of this process; 0 also if the program asks to be
// called again, because launchers end all ranks after the first that exits otherwise.
Result<int> run_rank(const std::string& folder, const std::vector<std::string>& environment);

}  // namespace xorch
