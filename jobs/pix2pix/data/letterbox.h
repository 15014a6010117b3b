#pragma once

// An image of any shape on a square canvas: scaled to fit, in the middle, with borders of the least
// value. Scaled by area, which takes every pixel of a larger image into account. Any thread.

#include <cstdint>
#include <vector>

#include "core/error.h"
#include "jobs/files/raster.h"
#include "jobs/pix2pix/data/landmarks.h"

namespace xorch::pix2pix {

struct ImageSize {
    int width = 0;
    int height = 0;

    friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

struct Letterbox {
    double scale = 1;
    int width = 0;  // of the content on the canvas; halves are rounded up
    int height = 0;
    int left = 0;  // borders; an odd one out is right or below
    int top = 0;
};

Letterbox fit_letterbox(ImageSize image, int side);

// Parts of the canvas, of pixels of the image.
Landmarks to_canvas(const Landmarks& landmarks, ImageSize image, int side);

// [channel][y][x] in 8 bits, borders 0, which the tensors of the family take for -1. Three channels
// of an image with one are equal; one channel of three is their luminance. 16-bit samples lose
// their lower byte.
std::vector<std::uint8_t> letterbox_image(const Raster& image, int channels, int side);

}  // namespace xorch::pix2pix
