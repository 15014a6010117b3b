#pragma once

// Which true and predicted cells share pixels, and how much of them.

#include <vector>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

struct Overlap {
    int truth = 0;      // label
    int predicted = 0;  // label
    double iou = 0.0;   // shared pixels over pixels of either, in (0, 1]
};

struct Overlaps {
    int truth_count = 0;         // cells of the true labels
    int predicted_count = 0;     // cells of the predicted labels
    std::vector<Overlap> pairs;  // those that share a pixel, by truth, then predicted
};

// Both of equal size.
Overlaps find_overlaps(const Labels& truth, const Labels& predicted);

}  // namespace xorch::cellseg
