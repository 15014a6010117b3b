#pragma once

// Features and images to and from LibTorch.

#include <vector>

#include "jobs/anomaly/encode/features.h"
#include "jobs/files/grid.h"
#include "jobs/torch/torch.h"

namespace xorch::anomaly {

torch::Tensor tensor_of(const Features& features);

// Rows of f32, each brought to length 1.
Features features_of(const torch::Tensor& rows);

// [N, channel, y, x] of images of one size.
torch::Tensor images_tensor(const std::vector<const std::vector<Plane>*>& images);

}  // namespace xorch::anomaly
