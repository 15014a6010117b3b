#pragma once

// Holes are background or other cells that one cell encloses.

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// Gives every pixel that a cell encloses to that cell, cell by cell in ascending label. Enclosed is
// what cannot leave the cell's box over edges of pixels; a gap at a corner does not open a hole.
void fill_holes(Labels& labels);

}  // namespace xorch::cellseg
