#pragma once

// A picture of what both branches make of an image: the image, its defect, their maps.

#include <vector>

#include "jobs/anomaly/score/task_maps.h"
#include "jobs/files/picture.h"
#include "jobs/files/raster.h"

namespace xorch::anomaly {

// The least and the greatest score of a branch, which become black and yellow.
struct ScoreRange {
    float low = 0;
    float high = 1;
};

struct PanelRanges {
    ScoreRange semantic;
    ScoreRange memory;
};

// Over all images of a class, so that their pictures can be compared.
PanelRanges ranges_of(const TaskMaps& maps);

// Four panes side by side: image, mask, semantic map, memory map.
Picture draw_panel(const ImageScores& scores, const Raster& image, const PanelRanges& ranges);

// Below each other.
Picture stack(const std::vector<Picture>& panels);

}  // namespace xorch::anomaly
