#include "jobs/cellseg/images/tiling.h"

#include <algorithm>
#include <cmath>

namespace xorch::cellseg {

namespace {

constexpr double overlap = 0.1;
constexpr double taper_width = 7.5;   // pixels
constexpr double taper_inset = 20.0;  // pixels from the edge to where the weight is one half
constexpr int taper_side_min = 224;   // smaller tiles take the middle of a taper of this side

std::vector<double> taper_along(int length) {
    const int side = std::max(taper_side_min, length);
    std::vector<double> weights(static_cast<std::size_t>(length));
    for (int i = 0; i < length; ++i) {
        const double from_centre = std::abs(i - (length - 1) / 2.0);
        const double beyond = from_centre - (side / 2.0 - taper_inset);
        weights[static_cast<std::size_t>(i)] = 1.0 / (1.0 + std::exp(beyond / taper_width));
    }
    return weights;
}

}  // namespace

std::vector<int> tile_starts(int length, int tile) {
    if (length <= tile) return {0};
    const int count = static_cast<int>(std::ceil((1.0 + 2.0 * overlap) * length / tile));
    std::vector<int> starts;
    for (int i = 0; i < count; ++i) {
        starts.push_back(static_cast<int>(static_cast<double>(length - tile) * i / (count - 1)));
    }
    return starts;
}

Plane taper(int height, int width) {
    const std::vector<double> down = taper_along(height);
    const std::vector<double> along = taper_along(width);
    Plane weights(height, width);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            weights.at(y, x) = static_cast<float>(
                down[static_cast<std::size_t>(y)] * along[static_cast<std::size_t>(x)]
            );
        }
    }
    return weights;
}

}  // namespace xorch::cellseg
