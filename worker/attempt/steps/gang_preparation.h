#pragma once

// The last step of preparing a unit of several ranks: its command goes into the gang's folder, and
// what the attempt executes is the launcher. Runs on one of the runner's threads.

#include "core/disk.h"
#include "worker/attempt/steps/preparation.h"

namespace xorch {

// not_found says what to install if there is no launcher.
Result<void> put_behind_launcher(
    Disk& disk, const PreparationRequest& request, Preparation& prepared
);

}  // namespace xorch
