#pragma once

// What image files hold, before it means anything: samples as they were written.

#include <cstddef>
#include <vector>

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

// More is no microscopy image of a sweep but a damaged header, and would take the memory of all.
constexpr double raster_samples_max = 1e9;

}  // namespace xorch
