#pragma once

// What the two networks learn from, as tensors with gradients. The same quantities on plain planes,
// without gradients, are in scores/pair_scores.h.

#include <array>
#include <vector>

#include "jobs/pix2pix/scores/regions.h"
#include "jobs/torch/torch.h"

namespace xorch::pix2pix {

// The original's loss: binary cross entropy of logits with a judgement that is wished for.
torch::Tensor judgement_loss(const torch::Tensor& logits, bool is_true);

// [N,1,H,W] of |difference of gradients in x| + |in y|, as edge_distance().
torch::Tensor edge_differences(const torch::Tensor& made, const torch::Tensor& truth);

// Weights [N,1,H,W] whose sum with a map is the mean over pairs of its mean in their boxes.
torch::Tensor region_weights(
    const std::vector<Regions>& regions, std::size_t region, std::int64_t side
);

struct RegionLoss {
    bool is_on = false;
    double l1 = 100;                                    // of a region's mean distance
    double edge = 100;                                  // of its edges
    std::array<double, region_count> weights{1, 1, 1};  // of the regions
    double ab_edge = 1;                                 // multiplies `edge` in region ab
};

struct GeneratorLoss {
    double judgement = 1;
    double l1 = 100;
    double edge = 0;
    RegionLoss regions;
};

// Of X-rays that the judge gave those logits; `regions` are one per pair.
torch::Tensor generator_loss(
    const GeneratorLoss& how,
    const torch::Tensor& logits,
    const torch::Tensor& made,
    const torch::Tensor& truth,
    const std::vector<Regions>& regions
);

}  // namespace xorch::pix2pix
