#pragma once

// Keeps the cells that are large enough and neither too dim nor too bright in the marker's channel
// (the "gating" of background report E3).

#include "jobs/files/grid.h"

namespace xorch::cellseg {

struct Gate {
    double low = 0.0;   // percentile of the marker's channel over the image: a fraction, or percent
    double high = 1.0;  // above 1, as the published scripts read it
    int min_area = 50;  // pixels
};

// The cells whose mean marker lies in [low, high], both included, renumbered.
Labels apply_gate(const Labels& labels, const Plane& marker, const Gate& gate);

}  // namespace xorch::cellseg
