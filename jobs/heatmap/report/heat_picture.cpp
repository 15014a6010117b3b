#include "jobs/heatmap/report/heat_picture.h"

#include <algorithm>
#include <cmath>

#include "jobs/files/lettering.h"

namespace xorch::heatmap {

namespace {

constexpr int title_height = 20;
constexpr int gap = 4;        // between panes, pixels
constexpr double tint = 0.5;  // of the heat in the picture
constexpr Colour ground{255, 255, 255};

double ramp(double value, double centre) {
    return std::clamp(1.5 - std::abs(4 * value - centre), 0.0, 1.0);
}

std::uint8_t mix(std::uint8_t pixel, double heat) {
    return static_cast<std::uint8_t>(std::lround((1 - tint) * pixel + tint * 255 * heat));
}

void copy_to(Picture& picture, const Picture& part, Pixel corner) {
    for (int y = 0; y < part.height; ++y) {
        for (int x = 0; x < part.width; ++x) {
            picture.at(corner.y + y, corner.x + x) = part.at(y, x);
        }
    }
}

}  // namespace

Picture draw_heat(const Picture& image, const HeatMap& map) {
    XORCH_CHECK(image.height == map.height && image.width == map.width, "a map of another size");
    const HeatMap scaled = min_max(map);
    Picture picture = image;
    for (std::size_t i = 0; i < picture.values.size(); ++i) {
        const double value = scaled.values[i];
        Colour& pixel = picture.values[i];
        pixel = {
            mix(pixel.red, ramp(value, 3)),
            mix(pixel.green, ramp(value, 2)),
            mix(pixel.blue, ramp(value, 1))};
    }
    return picture;
}

void draw_box(Picture& picture, const Box& box, Colour colour) {
    constexpr int line = 2;
    const int top = static_cast<int>(box.top);
    const int left = static_cast<int>(box.left);
    const int bottom = static_cast<int>(box.bottom);
    const int right = static_cast<int>(box.right);
    for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
            const int inside = std::min({y - top, bottom - 1 - y, x - left, right - 1 - x});
            if (inside < line && picture.contains(y, x)) picture.at(y, x) = colour;
        }
    }
}

Picture draw_panes(const std::vector<Pane>& panes) {
    const int width = panes[0].picture.width;
    const int height = panes[0].picture.height;
    const int count = static_cast<int>(panes.size());
    Picture all(title_height + height, count * width + (count - 1) * gap, ground);
    int left = 0;
    for (const Pane& pane : panes) {
        draw_text(
            all,
            pane.title,
            {
                .centre = {title_height / 2,                           left + width / 2},
                  .height = 9, .colour = {                                          }
        }
        );
        copy_to(all, pane.picture, {title_height, left});
        left += width + gap;
    }
    return all;
}

}  // namespace xorch::heatmap
