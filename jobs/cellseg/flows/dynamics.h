#pragma once

// Pixels that flow along the predicted field until they rest: those of one cell meet at its centre
// (Stringer et al. 2021, "Cellpose", section "Clustering").

#include <vector>

#include "jobs/cellseg/flows/flow_field.h"
#include "jobs/files/grid.h"

namespace xorch::cellseg {

struct Position {
    float y = 0.0F;
    float x = 0.0F;
};

// Where each start is after `steps` Euler steps in `field` (pixels per step). A step samples the
// field bilinearly, zero outside, at position * L / (L - 1) - 0.5, and clamps to [0, L - 1]: the
// offset is a quirk of the published program (positions scaled for aligned corners, sampled
// without) that trained networks and published numbers rest on.
std::vector<Position> follow_flows(
    const FlowField& field, const std::vector<Pixel>& starts, int steps
);

}  // namespace xorch::cellseg
