#pragma once

#include <vector>

#include "core/job.h"

namespace xorch {

// heatmap.synthetic, heatmap.features, heatmap.grid, heatmap.surgery, heatmap.invert, heatmap.maps,
// heatmap.boxes, heatmap.compare.
std::vector<JobDeclaration> declare_heatmap();

}  // namespace xorch
