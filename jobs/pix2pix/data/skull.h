#pragma once

// A made head: a photo of its profile and the X-ray of its skull. What shapes the face shapes both,
// except for `offset`, by which jaws lie fore and aft of where the face says: the X-ray around A
// and B is thus not to be told from the photo, whatever is learned. Facing right. Any thread.

#include <array>

#include "jobs/pix2pix/data/landmarks.h"
#include "jobs/pix2pix/data/pair_set.h"
#include "jobs/random/random_stream.h"

namespace xorch::pix2pix {

inline constexpr int made_width = 190;  // the aspect of 1520 x 1236
inline constexpr int made_height = 154;

// Standard normal numbers, but for the last.
struct Head {
    double jaw = 0;        // length
    double angle = 0;      // of the mandible
    double nose = 0;       // length
    double maxilla = 0;    // protrusion
    double chin = 0;       // protrusion
    double tilt = 0;       // of the head
    double offset = 0;     // of A against B, in parts of the width; 0.04 is one deviation
    bool is_hard = false;  // tilted and lit as no other
};

Head draw_head(RandomStream& random, bool is_hard);

// In pixels of the made image.
Landmarks landmarks_of(const Head& head);

// [channel][y][x] of the photo in colours; [y][x] of the X-ray.
std::array<Grid<std::uint8_t>, input_channels> draw_photo(const Head& head, RandomStream& random);
Grid<std::uint8_t> draw_xray(const Head& head, RandomStream& random);

}  // namespace xorch::pix2pix
