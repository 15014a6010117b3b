#pragma once

// From the network's output to cells: pixels flow, heaps of end points become seeds, seeds grow,
// and each pixel takes the label of where it ended. Then cells whose flows are not those of a cell
// of that shape are dropped (Stringer et al. 2021; constants are those of the published program).

#include <optional>
#include <vector>

#include "jobs/cellseg/flows/dynamics.h"
#include "jobs/cellseg/flows/flow_field.h"
#include "jobs/files/grid.h"

namespace xorch::cellseg {

struct NetworkOutput {
    FlowField flow;  // five times a unit vector, as trained
    Plane cellprob;  // logit
};

struct MaskSettings {
    double cellprob_threshold = 0.0;             // logit; a pixel above it may belong to a cell
    std::optional<double> flow_threshold = 0.4;  // mean squared error; nothing = no such check
    int steps = 200;                             // of the dynamics
    int min_size = 15;                           // pixels; smaller cells are dropped
    double max_size_fraction = 0.4;              // of the image; larger "cells" are dropped
};

Labels find_masks(const NetworkOutput& output, const MaskSettings& settings);

// Labels at `starts` by where they ended, before any check of flow or size but that of
// max_size_fraction. `shape` gives height and width.
Labels cluster_end_points(
    const std::vector<Pixel>& starts,
    const std::vector<Position>& ends,
    const Labels& shape,
    double max_size_fraction
);

// For each label k, at k - 1: the squared difference between the flows that its shape would have
// and flow / 5, averaged over its pixels and summed over y and x. 0 for labels that do not occur.
std::vector<double> flow_errors(const Labels& labels, const FlowField& flow);

void remove_bad_flows(Labels& labels, const FlowField& flow, double threshold);

// Drops cells of less than min_size pixels, fills the holes of each, drops again, and renumbers.
void clean_masks(Labels& labels, int min_size);

}  // namespace xorch::cellseg
