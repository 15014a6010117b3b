#pragma once

// What the network learns beside "cell or not": at each pixel of a cell a unit vector that points
// towards the cell's centre along its shape. It is the gradient of heat that is released at the
// centre and diffuses within the cell (Stringer et al. 2021, "Cellpose", section "Creation of
// ground truth flow fields").
//
// A cell's heat never leaves it, so each cell is diffused in its own box; only the gradient at the
// border of two touching cells sees both.

#include <vector>

#include "jobs/cellseg/flows/flow_field.h"
#include "jobs/cellseg/flows/labels.h"
#include "jobs/files/grid.h"

namespace xorch::cellseg {

// The pixel of each label k (at k - 1) where its heat is released: the mean position rounded half
// to even, counted in an image with one pixel of border, or the cell's pixel nearest to it, the
// first in row order among equals. Labels that do not occur have {0, 0}.
std::vector<Pixel> find_centres(const Labels& labels, const std::vector<Box>& boxes);

// Steps of the diffusion: twice the greatest height + width + 2 of all cells; 0 without cells.
int diffusion_steps(const std::vector<Box>& boxes);

// The heat of all cells; 0 on background. Each step adds 1 at the centre, then averages each pixel
// with those of its eight neighbours that carry the same label, always over 9.
Grid<double> diffuse_heat(const Labels& labels, int steps);

// Unit vectors within cells, 0 on background and where heat has no slope.
FlowField flow_targets(const Labels& labels);

}  // namespace xorch::cellseg
