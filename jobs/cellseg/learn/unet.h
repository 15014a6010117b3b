#pragma once

// A small U-Net (Ronneberger et al. 2015) of four levels, so that a place sees all of a cell of 60
// pixels (with three, large nuclei fell apart), with GroupNorm (Wu and He 2018): its
// statistics are those of one image, so that a batch spread over a gang of ranks gives the same
// results as one rank. Upsampling repeats pixels, which costs less than a transposed convolution
// and leaves no checkerboard.

#include "jobs/torch/torch.h"

namespace xorch::cellseg {

class UNetImpl : public torch::nn::Module {
 public:
    // `width` channels at full size, twice as many on each level below; a multiple of 4.
    explicit UNetImpl(std::int64_t width);

    // f32[N,3,H,W] to f32[N,3,H,W]; H and W are multiples of 8.
    torch::Tensor forward(const torch::Tensor& images);

 private:
    torch::nn::Sequential down1_{nullptr};
    torch::nn::Sequential down2_{nullptr};
    torch::nn::Sequential down3_{nullptr};
    torch::nn::Sequential bottom_{nullptr};
    torch::nn::Sequential up3_{nullptr};
    torch::nn::Sequential up2_{nullptr};
    torch::nn::Sequential up1_{nullptr};
    torch::nn::Conv2d head_{nullptr};
};

TORCH_MODULE(UNet);

// Mean squared error of the flows against five times the target, halved, plus binary cross entropy
// of the logit, each averaged over all pixels (Stringer et al. 2021, "Loss function").
// `output`: flow y, flow x, logit; `target`: cell or not, flow y, flow x; both f32[N,3,H,W].
torch::Tensor segmentation_loss(const torch::Tensor& output, const torch::Tensor& target);

}  // namespace xorch::cellseg
