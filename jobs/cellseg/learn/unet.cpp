#include "jobs/cellseg/learn/unet.h"

namespace xorch::cellseg {

namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

constexpr std::int64_t norm_groups = 4;
constexpr double flow_scale = 5.0;

nn::Sequential double_convolution(std::int64_t in, std::int64_t out) {
    const auto convolution = [](std::int64_t from, std::int64_t to) {
        // The norm that follows has an offset of its own.
        return nn::Conv2d(nn::Conv2dOptions(from, to, 3).padding(1).bias(false));
    };
    const auto norm = [](std::int64_t channels) {
        return nn::GroupNorm(nn::GroupNormOptions(norm_groups, channels));
    };
    return nn::Sequential(
        convolution(in, out),
        norm(out),
        nn::ReLU(nn::ReLUOptions(true)),
        convolution(out, out),
        norm(out),
        nn::ReLU(nn::ReLUOptions(true))
    );
}

torch::Tensor enlarged(const torch::Tensor& images) {
    return F::interpolate(
        images,
        F::InterpolateFuncOptions()
            .scale_factor(std::vector<double>{2.0, 2.0})
            .mode(torch::kNearest)
    );
}

}  // namespace

UNetImpl::UNetImpl(std::int64_t width) {
    down1_ = register_module("down1", double_convolution(3, width));
    down2_ = register_module("down2", double_convolution(width, 2 * width));
    down3_ = register_module("down3", double_convolution(2 * width, 4 * width));
    bottom_ = register_module("bottom", double_convolution(4 * width, 8 * width));
    up3_ = register_module("up3", double_convolution(12 * width, 4 * width));
    up2_ = register_module("up2", double_convolution(6 * width, 2 * width));
    up1_ = register_module("up1", double_convolution(3 * width, width));
    head_ = register_module("head", nn::Conv2d(nn::Conv2dOptions(width, 3, 1)));
}

torch::Tensor UNetImpl::forward(const torch::Tensor& images) {
    const auto join = [](const torch::Tensor& deep, const torch::Tensor& beside) {
        return torch::cat({enlarged(deep), beside}, 1);
    };
    const torch::Tensor full = down1_->forward(images);
    const torch::Tensor half = down2_->forward(torch::max_pool2d(full, 2));
    const torch::Tensor quarter = down3_->forward(torch::max_pool2d(half, 2));
    const torch::Tensor eighth = bottom_->forward(torch::max_pool2d(quarter, 2));
    const torch::Tensor quarter_up = up3_->forward(join(eighth, quarter));
    const torch::Tensor half_up = up2_->forward(join(quarter_up, half));
    const torch::Tensor full_up = up1_->forward(join(half_up, full));
    return head_->forward(full_up);
}

torch::Tensor segmentation_loss(const torch::Tensor& output, const torch::Tensor& target) {
    const torch::Tensor flow = output.narrow(1, 0, 2);
    const torch::Tensor logit = output.narrow(1, 2, 1);
    const torch::Tensor cell = target.narrow(1, 0, 1);
    const torch::Tensor true_flow = target.narrow(1, 1, 2) * flow_scale;
    return torch::mse_loss(flow, true_flow) / 2.0 +
           torch::binary_cross_entropy_with_logits(logit, cell);
}

}  // namespace xorch::cellseg
