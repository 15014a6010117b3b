#include "jobs/pix2pix/scores/regions.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace xorch::pix2pix {

Result<RegionBox> parse_region(const std::string& text) {
    std::array<double, 4> edges{};
    const char* from = text.data();
    const char* const end = from + text.size();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto [stopped, problem] = std::from_chars(from, end, edges[i]);
        const bool is_last = i + 1 == edges.size();
        if (problem != std::errc{} || (is_last ? stopped != end : *stopped != ',')) {
            return fail(ErrorCode::invalid_input, "no four numbers with commas between them");
        }
        from = stopped + 1;
    }
    const auto [left, top, right, bottom] = edges;
    if (0 <= left && left < right && right <= 1 && 0 <= top && top < bottom && bottom <= 1) {
        return RegionBox{.left = left, .top = top, .right = right, .bottom = bottom};
    }
    return fail(ErrorCode::invalid_input, "no left, top, right and bottom within 0 to 1");
}

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

Regions regions_of(int side, const RegionBoxes& boxes) {
    Regions regions;
    for (std::size_t i = 0; i < region_count; ++i) {
        regions[i] = to_pixels(boxes[i], side);
    }
    return regions;
}

Regions regions_around(const Landmarks& landmarks, int side, const RegionBoxes& boxes) {
    Regions regions;
    for (std::size_t i = 0; i < region_count; ++i) {
        const RegionBox& fixed = boxes[i];
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
