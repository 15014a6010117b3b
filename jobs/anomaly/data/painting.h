#pragma once

// Made images of parts and of surfaces, with and without defects. A part is a ringed ellipse whose
// place varies; its defects are blobs and thin scratches. A surface is two gratings upon each
// other; its defects are patches in which they are turned or of another scale, with the same mean
// and contrast: who looks for blobs and scratches does not see them. Results on them say nothing
// about industry. Pure.

#include <array>
#include <cstdint>
#include <vector>

#include "jobs/anomaly/score/task_maps.h"
#include "jobs/files/picture.h"
#include "jobs/random/random_stream.h"

namespace xorch::anomaly {

inline constexpr int painting_side = 120;  // pixels

using Tint = std::array<double, 3>;  // red, green, blue; 0 to 1

struct Grating {
    double wavelength = 8;  // pixels
    double angle = 0;       // radians
    double strength = 0.1;
};

// What all images of a class have in common.
struct ClassStyle {
    bool texture = false;
    int parts_per_side = 1;  // 2 = four parts, with smaller defects
    Tint ground = {};
    Tint body = {};                  // of parts
    double flattening = 1;           // of parts: short axis over long axis
    double ring = 8;                 // pixels between the rings of a part
    std::array<Grating, 2> weave{};  // of surfaces
};

ClassStyle draw_style(RandomStream random, bool texture, int parts_per_side);

enum class DefectKind { none, blob, scratch, turned, scaled };

struct Painting {
    Picture picture;
    TruthMask mask;
};

// Parts have blobs and scratches, surfaces turned and scaled patches. Equal streams make equal
// images.
Painting paint(const ClassStyle& style, DefectKind defect, RandomStream random);

}  // namespace xorch::anomaly
