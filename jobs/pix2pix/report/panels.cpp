#include "jobs/pix2pix/report/panels.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xorch::pix2pix {

namespace {

constexpr int tile = 128;  // pixels of each X-ray or region in a picture
constexpr int gap = 4;
constexpr Colour ground{.red = 30, .green = 60, .blue = 90};

// The part of the plane, enlarged or reduced to a tile without smoothing: pixels are to be seen.
void draw_tile(Picture& picture, Pixel corner, const Plane& plane, const PixelBox& part) {
    const int width = part.right - part.left;
    const int height = part.bottom - part.top;
    for (int y = 0; y < tile; ++y) {
        for (int x = 0; x < tile; ++x) {
            const float value =
                plane.at(part.top + y * height / tile, part.left + x * width / tile);
            const auto grey = static_cast<std::uint8_t>(
                std::lround((std::clamp(value, -1.0F, 1.0F) + 1.0F) * 127.5F)
            );
            picture.at(corner.y + y, corner.x + x) = {grey, grey, grey};
        }
    }
}

struct Mosaic {
    std::size_t rows;
    std::size_t columns;
};

Picture begin_picture(const Mosaic& mosaic) {
    const auto length = [](std::size_t tiles) {
        return gap + static_cast<int>(tiles) * (tile + gap);
    };
    return {length(std::max<std::size_t>(mosaic.rows, 1)), length(mosaic.columns), ground};
}

Pixel corner_of(std::size_t row, std::size_t column) {
    return {
        gap + static_cast<int>(row) * (tile + gap), gap + static_cast<int>(column) * (tile + gap)};
}

std::array<const Plane*, 3> planes_of(const Triptych& triptych) {
    return {&triptych.prev, &triptych.cur, &triptych.truth};
}

void draw_part(Picture& picture, Pixel corner, const Plane& plane, const PixelBox* part) {
    const PixelBox whole{.left = 0, .top = 0, .right = plane.width, .bottom = plane.height};
    draw_tile(picture, corner, plane, part == nullptr ? whole : *part);
}

}  // namespace

Picture draw_triptychs(const std::vector<Triptych>& shown, std::size_t across) {
    Picture picture = begin_picture({(shown.size() + across - 1) / across, 3 * across});
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto planes = planes_of(shown[i]);
        for (std::size_t j = 0; j < planes.size(); ++j) {
            draw_part(picture, corner_of(i / across, 3 * (i % across) + j), *planes[j], nullptr);
        }
    }
    return picture;
}

Picture draw_zooms(const std::vector<Triptych>& shown) {
    Picture picture = begin_picture({shown.size(), 3 * region_count});
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto planes = planes_of(shown[i]);
        for (std::size_t j = 0; j < 3 * region_count; ++j) {
            draw_part(picture, corner_of(i, j), *planes[j % 3], &shown[i].regions[j / 3]);
        }
    }
    return picture;
}

Picture draw_region(const std::vector<Triptych>& shown, std::size_t region) {
    Picture picture = begin_picture({shown.size(), 3});
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto planes = planes_of(shown[i]);
        for (std::size_t j = 0; j < planes.size(); ++j) {
            draw_part(picture, corner_of(i, j), *planes[j], &shown[i].regions[region]);
        }
    }
    return picture;
}

}  // namespace xorch::pix2pix
