#pragma once

// The loop of a runner: one unit after the other, as the agent orders them, until it closes its
// end. What a job throws fails its unit only. One thread; the jobs run in it.

#include "core/error.h"
#include "jobs/runner/channel.h"
#include "jobs/runner/equipment.h"

namespace xorch {

// Ends with an error if the agent cannot be understood or reached.
Result<void> serve(RunnerChannel& channel, const RunnerEquipment& equipment);

// The whole process: asks the kernel to be killed with its parent, takes descriptor 0 for the
// socket, and serves. The exit code.
int serve_parent(const RunnerEquipment& equipment);

}  // namespace xorch
