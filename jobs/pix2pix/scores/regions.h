#pragma once

// Where the six landmarks are looked for: three boxes of the canvas, each around two of them. The
// report gives the idea and no numbers; these boxes are the project's own choice. Pure.

#include <array>
#include <string>

#include "core/error.h"
#include "jobs/pix2pix/data/landmarks.h"

namespace xorch::pix2pix {

inline constexpr std::size_t region_count = 3;
inline constexpr std::array<const char*, region_count> region_names{"sn", "ab", "gogn"};
inline constexpr std::size_t region_ab = 1;

// In parts of the canvas.
struct RegionBox {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
};

using RegionBoxes = std::array<RegionBox, region_count>;

inline constexpr RegionBoxes default_boxes{
    {{0.36, 0.22, 0.78, 0.40}, {0.60, 0.44, 0.82, 0.76}, {0.34, 0.58, 0.74, 0.88}}
};

// "0.36,0.22,0.78,0.40": left, top, right, bottom within 0 to 1, in this order.
Result<RegionBox> parse_region(const std::string& text);

// Pixels from the first to before the last; never empty.
struct PixelBox {
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;

    int area() const { return (right - left) * (bottom - top); }

    friend bool operator==(const PixelBox&, const PixelBox&) = default;
};

using Regions = std::array<PixelBox, region_count>;

// Edges are rounded to the nearest pixel's, and kept within the canvas.
PixelBox to_pixels(const RegionBox& box, int side);

Regions regions_of(int side, const RegionBoxes& boxes = default_boxes);

// Boxes of the same sizes around the middle of S and N, A and B, Go and Gn: `landmarks` in parts of
// the canvas.
Regions regions_around(
    const Landmarks& landmarks, int side, const RegionBoxes& boxes = default_boxes
);

}  // namespace xorch::pix2pix
