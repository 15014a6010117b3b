#pragma once

// Boxes around what a mask leaves: closed, opened, cut into regions, the small ones dropped. The
// rules are those of two versions of a published script, which changed five of them at once; here
// each can be changed alone. Behind it stands OpenCV.

#include <vector>

#include "jobs/heatmap/maps/heat_map.h"

namespace xorch::heatmap {

enum class Kernel { square3, ellipse5 };
enum class Regions { components, contours };

struct RegionRules {
    Kernel kernel = Kernel::ellipse5;
    Regions regions = Regions::components;  // 8-connected, or outer contours
    int least_side = 10;                    // pixels, of a box that is kept
    bool falls_back = false;                // no box left: the extent of the mask, if it has one
};

// In the order in which the regions begin, from the top.
std::vector<Box> boxes_around(const PixelMask& mask, const RegionRules& rules);

// Mean of the map over the pixels of a box inside of it.
double mean_inside(const HeatMap& map, const Box& box);

}  // namespace xorch::heatmap
