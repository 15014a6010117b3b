#pragma once

// Going on with a sweep that has a directory, wherever it belongs: what `submit`, `resume` and
// `backfill` do in the end.

#include "core/error.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/verbs.h"

namespace xorch {

struct GoingOn {
    bool detach = false;  // return at once
};

// Blocks until it is complete or stopped; on Slurm, until Slurm took the allocations.
Result<ExitCode> go_on(const Context& context, const OpenedSweep& opened, GoingOn how);

}  // namespace xorch
