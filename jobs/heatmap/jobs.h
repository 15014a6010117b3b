#pragma once

// The jobs of this family, declared in declare.cpp.

#include "jobs/job.h"

namespace xorch {

Result<JobEnd> run_heatmap_synthetic(NativeUnit& unit);
Result<JobEnd> run_heatmap_features(NativeUnit& unit);
Result<JobEnd> run_heatmap_grid(NativeUnit& unit);
Result<JobEnd> run_heatmap_surgery(NativeUnit& unit);
Result<JobEnd> run_heatmap_invert(NativeUnit& unit);
Result<JobEnd> run_heatmap_maps(NativeUnit& unit);
Result<JobEnd> run_heatmap_boxes(NativeUnit& unit);
Result<JobEnd> run_heatmap_compare(NativeUnit& unit);

}  // namespace xorch
