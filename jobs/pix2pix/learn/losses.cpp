#include "jobs/pix2pix/learn/losses.h"

namespace xorch::pix2pix {

namespace {

// Sobel's kernels over 8, one channel each for x and y.
torch::Tensor sobel(const torch::TensorOptions& like) {
    const torch::Tensor across =
        torch::tensor({-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0}, like).reshape({3, 3}) / 8;
    return torch::stack({across, across.t()}).unsqueeze(1);
}

torch::Tensor gradients(const torch::Tensor& images) {
    namespace functional = torch::nn::functional;
    const torch::Tensor padded =
        functional::pad(images, functional::PadFuncOptions({1, 1, 1, 1}).mode(torch::kReplicate));
    return torch::conv2d(padded, sobel(images.options()));
}

}  // namespace

torch::Tensor judgement_loss(const torch::Tensor& logits, bool is_true) {
    const torch::Tensor wished = is_true ? torch::ones_like(logits) : torch::zeros_like(logits);
    return torch::binary_cross_entropy_with_logits(logits, wished);
}

torch::Tensor edge_differences(const torch::Tensor& made, const torch::Tensor& truth) {
    // Gradients are linear: those of the difference are the difference of those.
    return gradients(made - truth).abs().sum(1, true);
}

torch::Tensor region_weights(
    const std::vector<Regions>& regions, std::size_t region, std::int64_t side
) {
    const auto pairs = static_cast<std::int64_t>(regions.size());
    torch::Tensor weights = torch::zeros({pairs, 1, side, side});
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
        const PixelBox& box = regions[static_cast<std::size_t>(pair)][region];
        weights[pair][0]
            .slice(0, box.top, box.bottom)
            .slice(1, box.left, box.right)
            .fill_(1.0 / static_cast<double>(box.area() * pairs));
    }
    return weights;
}

torch::Tensor generator_loss(
    const GeneratorLoss& how,
    const torch::Tensor& logits,
    const torch::Tensor& made,
    const torch::Tensor& truth,
    const std::vector<Regions>& regions
) {
    const torch::Tensor distances = (made - truth).abs();
    torch::Tensor loss = how.judgement * judgement_loss(logits, true) + how.l1 * distances.mean();
    if (how.edge == 0 && !how.regions.is_on) return loss;
    const torch::Tensor edges = edge_differences(made, truth);
    if (how.edge != 0) loss = loss + how.edge * edges.mean();
    if (!how.regions.is_on) return loss;
    for (std::size_t region = 0; region < region_count; ++region) {
        const torch::Tensor weights =
            region_weights(regions, region, made.size(3)).to(made.scalar_type());
        const double edge = how.regions.edge * (region == region_ab ? how.regions.ab_edge : 1.0);
        loss = loss + how.regions.weights[region] * (how.regions.l1 * (distances * weights).sum() +
                                                     edge * (edges * weights).sum());
    }
    return loss;
}

}  // namespace xorch::pix2pix
