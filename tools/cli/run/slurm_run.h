#pragma once

// A sweep on Slurm from outside and from inside: what `submit` and `resume` do on the log-in node,
// and what the batch job's processes do on the cluster.

#include "core/error.h"
#include "core/ids.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/verbs.h"

namespace xorch {

// Reigns just long enough to have the sweep's allocations queued; whoever starts in one of them
// goes on. With [slurm] place = "host" a coordinator stays on this host instead. Returns once jobs
// are accepted, or with Slurm's words if none is.
Result<ExitCode> submit_to_slurm(const Context& context, const OpenedSweep& opened);

// `xorch coordinator` in an allocation: stands by, and reigns where nobody does, until the sweep is
// over or this process is told to go; `leaves`: it was told so already.
Result<ExitCode> run_in_allocation(
    const Context& context, const OpenedSweep& opened, AllocationId allocation, bool leaves
);

}  // namespace xorch
