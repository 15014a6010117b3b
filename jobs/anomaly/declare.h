#pragma once

// What the jobs on anomalies of parts and surfaces are; free of LibTorch.

#include <vector>

#include "core/job.h"

namespace xorch {

std::vector<JobDeclaration> declare_anomaly();

}  // namespace xorch
