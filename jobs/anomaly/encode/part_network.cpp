#include "jobs/anomaly/encode/part_network.h"

#include "jobs/anomaly/encode/text_gallery.h"

namespace xorch::anomaly {

namespace {

constexpr int filters = 24;

torch::nn::Conv2dOptions halving(int from, int to, int kernel) {
    return torch::nn::Conv2dOptions(from, to, kernel).stride(2).padding(kernel / 2);
}

// [N, C, 15, 15] to [N, P, C].
torch::Tensor by_patch(const torch::Tensor& maps) {
    return maps.flatten(2).transpose(1, 2);
}

}  // namespace

PartNetworkImpl::PartNetworkImpl()
    : first_(register_module("first", torch::nn::Conv2d(halving(3, filters, 5)))),
      second_(register_module("second", torch::nn::Conv2d(halving(filters, filters, 3)))),
      third_(register_module("third", torch::nn::Conv2d(halving(filters, feature_size, 3)))),
      patch_(register_module("patch", torch::nn::Linear(feature_size, feature_size))),
      whole_(register_module("whole", torch::nn::Linear(2 * feature_size, feature_size))) {}

PartFeatures PartNetworkImpl::forward(const torch::Tensor& images) {
    const torch::Tensor first = torch::relu(first_->forward(images));
    const torch::Tensor second = torch::relu(second_->forward(first));
    const torch::Tensor third = by_patch(torch::relu(third_->forward(second)));
    PartFeatures features;
    // A defect is small: the mean alone would drown it.
    features.whole =
        whole_->forward(torch::cat({third.mean(1), std::get<0>(third.max(1))}, /*dim=*/1));
    features.patches = patch_->forward(third);
    features.levels = {
        by_patch(torch::avg_pool2d(first, 4)), by_patch(torch::avg_pool2d(second, 2))};
    return features;
}

}  // namespace xorch::anomaly
