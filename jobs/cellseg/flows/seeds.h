#pragma once

// Heaps of end points and the cells that grow around them.

#include <vector>

#include "jobs/cellseg/flows/dynamics.h"
#include "jobs/files/grid.h"

namespace xorch::cellseg {

// Counts end points per pixel, takes every 5 x 5 maximum of more than 10 as a seed, and grows each
// within 11 x 11 pixels, five times by one pixel, over places of more than 2 points. Seeds are
// numbered from 1 by ascending count (in row order among equals), and a later one overwrites.
class SeedMap {
 public:
    SeedMap(const std::vector<Position>& ends, int height, int width);

    // The number of the seed that holds the end point, truncated to a pixel; 0 if none does.
    int label_at(Position end) const;

 private:
    Labels seeds_;  // with a border, see the .cpp
};

}  // namespace xorch::cellseg
