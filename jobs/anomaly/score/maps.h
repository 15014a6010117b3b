#pragma once

// From scores of patches to scores of pixels, as the published program does it: bilinear to the
// resolution that the truth has (centres of pixels, not corners, lie upon each other), then a
// Gaussian of sigma 4 that ends at 4 sigma and reflects at the border (d c b a | a b c d). Fusing
// before and after it are two different things.

#include "jobs/files/grid.h"

namespace xorch::anomaly {

Plane enlarge(const Plane& map, int side);

Plane blur(const Plane& map, double sigma);

struct PixelMaps {
    int resolution = 256;  // height and width
    double sigma = 4;      // of the blur, pixels of that resolution; 0 = none
};

Plane to_pixels(const Plane& map, PixelMaps how);

}  // namespace xorch::anomaly
