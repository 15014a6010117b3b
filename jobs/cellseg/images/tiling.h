#pragma once

// Large images go through the network in overlapping tiles, whose outputs are blended so that no
// seam shows (average_tiles of the published program).

#include <vector>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// Where tiles of `tile` pixels start along `length` pixels: one tile if it covers all, else
// ceil(1.2 length / tile) of them, evenly spread from 0 to length - tile (10 % overlap on either
// side).
std::vector<int> tile_starts(int length, int tile);

// Weights in (0, 1) of a tile's pixels: sigmoids of width 7.5 pixels that fall at its edges.
Plane taper(int height, int width);

}  // namespace xorch::cellseg
