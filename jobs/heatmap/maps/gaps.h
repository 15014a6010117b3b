#pragma once

// Do the patches of a thing look more like its class than the rest of the image does? Pure.

#include <optional>
#include <vector>

#include "jobs/heatmap/data/box.h"
#include "jobs/heatmap/maps/similarity.h"

namespace xorch::heatmap {

// Whether each patch of the image is one of the thing's: its centre, in whole pixels, lies in a box
// or on the edge of one.
std::vector<bool> patches_inside(int grid, const std::vector<Box>& boxes);

struct Gap {
    double inside = 0;  // means of the similarity
    double outside = 0;

    double size() const { return inside - outside; }
};

// Nothing where all patches are on one side.
std::optional<Gap> gap_of(const PatchMap& map, const std::vector<bool>& inside);

struct GapChange {
    double before = 0;  // sizes of the gap of one sample
    double after = 0;
};

struct GapSummary {
    int samples = 0;
    double mean_before = 0;
    double mean_after = 0;
    double share_negative_before = 0;
    int reversed = 0;  // above zero before, below after
    std::optional<double>
        change_per_cent{};  // of the size of the mean before; nothing if that is 0
};

// Of at least one sample.
GapSummary summarise(const std::vector<GapChange>& changes);

}  // namespace xorch::heatmap
