#pragma once

// The small encoder: three strided convolutions, from 120 x 120 pixels to 15 x 15 patches. One
// thread.

#include <array>

#include "jobs/torch/torch.h"

namespace xorch::anomaly {

inline constexpr int part_side = 120;      // pixels
inline constexpr int part_grid_side = 15;  // patches

// Not yet of length 1.
struct PartFeatures {
    torch::Tensor whole;                  // [N, D]
    torch::Tensor patches;                // [N, P, D]
    std::array<torch::Tensor, 2> levels;  // [N, P, W]
};

class PartNetworkImpl : public torch::nn::Module {
 public:
    PartNetworkImpl();

    PartFeatures forward(const torch::Tensor& images);

 private:
    torch::nn::Conv2d first_;
    torch::nn::Conv2d second_;
    torch::nn::Conv2d third_;
    torch::nn::Linear patch_;
    torch::nn::Linear whole_;
};

TORCH_MODULE(PartNetwork);

}  // namespace xorch::anomaly
