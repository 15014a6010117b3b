#include "jobs/anomaly/encode/tensor_features.h"

#include <cstring>

#include "core/error.h"

namespace xorch::anomaly {

torch::Tensor tensor_of(const Features& features) {
    return torch::tensor(features.values).view({features.rows, features.columns});
}

Features features_of(const torch::Tensor& rows) {
    const torch::Tensor plain = rows.contiguous();
    Features features{
        .rows = static_cast<int>(plain.size(0)),
        .columns = static_cast<int>(plain.size(1)),
        .values = {}};
    const float* from = plain.data_ptr<float>();
    features.values.assign(from, from + plain.numel());
    normalise_rows(features);
    return features;
}

torch::Tensor images_tensor(const std::vector<const std::vector<Plane>*>& images) {
    const Plane& first = images.front()->front();
    torch::Tensor tensor = torch::empty(
        {static_cast<std::int64_t>(images.size()),
         static_cast<std::int64_t>(images.front()->size()),
         first.height,
         first.width}
    );
    float* to = tensor.data_ptr<float>();
    for (const auto* image : images) {
        for (const Plane& plane : *image) {
            XORCH_CHECK(plane.values.size() == first.values.size(), "images of one size");
            std::memcpy(to, plane.values.data(), plane.values.size() * sizeof(float));
            to += plane.values.size();
        }
    }
    return tensor;
}

}  // namespace xorch::anomaly
