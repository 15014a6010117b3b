#pragma once

// How the attempt of a gang ended: as the first of its ranks that failed, else as its launcher.
// Runs on the runner's file thread.

#include "core/disk.h"
#include "worker/attempt/steps/finishing.h"

namespace xorch {

// Turns the end of the launcher into the end of the unit: exit code, signal, reason, last output.
void hear_ranks(Disk& disk, FinishRequest& request);

}  // namespace xorch
