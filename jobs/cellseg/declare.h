#pragma once

// The declarations of the cell segmentation family. Free of LibTorch.

#include <vector>

#include "core/job.h"

namespace xorch {

std::vector<JobDeclaration> declare_cellseg();

// Those of them that start from what trained networks leave.
std::vector<JobDeclaration> declare_cellseg_analysis();

}  // namespace xorch
