#pragma once

// Brightness to a common scale, channel by channel, as the published program does it.

#include <array>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// What the network sees: [DAPI, marker, 0], or [grey, 0, 0]. All of one size.
using Channels = std::array<Plane, 3>;

// (v - p1) / (p99 - p1) with the 1st and 99th percentile, not clipped: most values lie in [0, 1].
// All zero where the percentiles differ by at most 1e-3, so that an empty channel is not blown up
// to noise.
Plane normalise(const Plane& channel);

// Whether cells are dark on bright ground: whether the median lies nearer to the 99th percentile
// than to the 1st. Nuclei cover the lesser part of an image, so the median is ground.
bool has_bright_ground(const Plane& channel);

}  // namespace xorch::cellseg
