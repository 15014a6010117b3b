#pragma once

// Maps and boxes to look at.

#include <string>
#include <vector>

#include "jobs/files/picture.h"
#include "jobs/heatmap/maps/heat_map.h"

namespace xorch::heatmap {

inline constexpr Colour true_colour{60, 230, 60};
inline constexpr Colour found_colour{255, 60, 60};

// Blue where the map is least, over green, to red where it is greatest, half transparent.
Picture draw_heat(const Picture& image, const HeatMap& map);

// The outline, two pixels wide.
void draw_box(Picture& picture, const Box& box, Colour colour);

struct Pane {
    std::string title;  // ASCII
    Picture picture;
};

// Side by side under their titles; all are equally large.
Picture draw_panes(const std::vector<Pane>& panes);

}  // namespace xorch::heatmap
