#include "jobs/anomaly/data/class_images.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "jobs/files/image_file.h"

namespace xorch::anomaly {

namespace {

// Of red, green and blue, as published with CLIP.
constexpr std::array mean{0.48145466F, 0.4578275F, 0.40821073F};
constexpr std::array deviation{0.26862954F, 0.26130258F, 0.27577711F};
constexpr float full_scale = 255;  // of 8 bits

Plane resized(const Plane& plane, int side) {
    if (plane.height == side && plane.width == side) return plane;
    // OpenCV only reads it; its type cannot say so.
    const cv::Mat from(
        plane.height, plane.width, CV_32FC1, const_cast<float*>(plane.values.data())
    );
    Plane large(side, side);
    cv::Mat to(side, side, CV_32FC1, large.values.data());
    cv::resize(from, to, to.size(), 0, 0, cv::INTER_CUBIC);
    return large;
}

void normalise(std::vector<Plane>& planes) {
    for (std::size_t channel = 0; channel < planes.size(); ++channel) {
        for (float& value : planes[channel].values) {
            value = (value / full_scale - mean[channel]) / deviation[channel];
        }
    }
}

}  // namespace

Result<std::vector<Plane>> load_image(const std::string& path, const ImageSettings& settings) {
    auto planes = read_image(path);
    if (!planes) return planes;
    if (planes->size() == 1) planes->resize(3, planes->front());
    if (planes->size() != 3) {
        return fail(ErrorCode::invalid_input, fmt::format("{}: {} channels", path, planes->size()));
    }
    for (Plane& plane : *planes) {
        if (settings.first_side > 0) plane = resized(plane, settings.first_side);
        plane = resized(plane, settings.side);
    }
    normalise(*planes);
    if (settings.order == ChannelOrder::bgr) std::reverse(planes->begin(), planes->end());
    return planes;
}

std::vector<Plane> input_of(const Picture& picture) {
    std::vector<Plane> planes(3, Plane(picture.height, picture.width));
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        planes[0].values[i] = picture.values[i].red;
        planes[1].values[i] = picture.values[i].green;
        planes[2].values[i] = picture.values[i].blue;
    }
    normalise(planes);
    return planes;
}

Result<TruthMask> load_mask(const ImageFile& file, int resolution) {
    TruthMask mask(resolution, resolution);
    if (file.mask.empty()) return mask;
    const auto raster = read_raster(file.mask);
    if (!raster) return tl::unexpected(raster.error());
    bool abnormal = false;
    for (int y = 0; y < resolution; ++y) {
        for (int x = 0; x < resolution; ++x) {
            const int from_y = y * raster->height / resolution;
            const int from_x = x * raster->width / resolution;
            for (int channel = 0; channel < raster->channels; ++channel) {
                if (raster->at(from_y, from_x, channel) != 0) mask.at(y, x) = 1;
            }
            abnormal = abnormal || mask.at(y, x) != 0;
        }
    }
    if (abnormal) return mask;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{}: an abnormal image whose mask is empty at {} pixels", file.mask, resolution)
    );
}

}  // namespace xorch::anomaly
