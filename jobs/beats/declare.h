#pragma once

// The declarations of the heart beat family. Free of LibTorch.

#include <vector>

#include "core/job.h"

namespace xorch {

std::vector<JobDeclaration> declare_beats();

}  // namespace xorch
