#pragma once

// A native job in sixty lines; docs/adding-a-job.md walks through it.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_example_regression(NativeUnit& unit);

}  // namespace xorch
