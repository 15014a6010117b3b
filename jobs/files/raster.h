#pragma once

// What image files hold, before it means anything: samples as they were written.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/error.h"

namespace xorch {

struct Raster {
    int height = 0;
    int width = 0;
    int channels = 0;  // side by side; red, green, blue where there are three
    // height * width * channels. A double holds every sample of up to 32 bits exactly.
    std::vector<double> samples;

    double at(int y, int x, int channel) const {
        const std::size_t pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                  static_cast<std::size_t>(x);
        return samples
            [pixel * static_cast<std::size_t>(channels) + static_cast<std::size_t>(channel)];
    }
};

// More is no microscopy image of a sweep but a damaged header: 2 GB of doubles.
constexpr double raster_samples_max = 2.5e8;

// Before memory is taken for what a header claims: the image is not empty, not too large, and not
// more than a file of that size could hold.
Result<void> check_raster_size(double samples, std::uintmax_t file_bytes);

}  // namespace xorch
