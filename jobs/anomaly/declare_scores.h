#pragma once

// The jobs that compute from kept maps and from records. Free of LibTorch.

#include "core/job.h"

namespace xorch::anomaly {

JobDeclaration declare_cls();
JobDeclaration declare_seg();
JobDeclaration declare_report();

}  // namespace xorch::anomaly
