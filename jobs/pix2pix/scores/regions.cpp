#include "jobs/pix2pix/scores/regions.h"

#include <algorithm>
#include <cmath>

namespace xorch::pix2pix {

PixelBox to_pixels(const RegionBox& box, int side) {
    const auto first = [side](double part) {
        return std::clamp(static_cast<int>(std::lround(part * side)), 0, side - 1);
    };
    const auto last = [side](double part, int from) {
        return std::clamp(static_cast<int>(std::lround(part * side)), from + 1, side);
    };
    PixelBox pixels;
    pixels.left = first(box.left);
    pixels.top = first(box.top);
    pixels.right = last(box.right, pixels.left);
    pixels.bottom = last(box.bottom, pixels.top);
    return pixels;
}

Regions regions_of(int side) {
    Regions regions;
    for (std::size_t i = 0; i < region_count; ++i) {
        regions[i] = to_pixels(fixed_regions[i], side);
    }
    return regions;
}

Regions regions_around(const Landmarks& landmarks, int side) {
    Regions regions;
    for (std::size_t i = 0; i < region_count; ++i) {
        const RegionBox& fixed = fixed_regions[i];
        const Point& first = landmarks[2 * i];
        const Point& second = landmarks[2 * i + 1];
        const double dx = (first.x + second.x - fixed.left - fixed.right) / 2;
        const double dy = (first.y + second.y - fixed.top - fixed.bottom) / 2;
        regions[i] =
            to_pixels({fixed.left + dx, fixed.top + dy, fixed.right + dx, fixed.bottom + dy}, side);
    }
    return regions;
}

}  // namespace xorch::pix2pix
