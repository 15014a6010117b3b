#pragma once

// How many predicted cells are right at a threshold of overlap.

#include "jobs/cellseg/metrics/overlaps.h"

namespace xorch::cellseg {

struct Counts {
    int true_positive = 0;
    int false_positive = 0;
    int false_negative = 0;

    Counts& operator+=(const Counts& other);

    friend bool operator==(const Counts&, const Counts&) = default;
};

// Matches cells one to one so that -(iou >= threshold) - iou / (2 min(true, predicted)) is least in
// sum, and counts matches of at least `threshold` (in (0, 1]). Reaching the threshold comes first:
// the second term stays below one half in sum.
//
// Pairs without a shared pixel cost nothing, so the cells fall into groups that only touch each
// other, and each is solved alone.
Counts match_cells(const Overlaps& overlaps, double threshold);

// tp / (tp + fp + fn); 1 where nothing was there and nothing was found.
double average_precision(const Counts& counts);

struct Rates {
    double precision = 0.0;
    double recall = 0.0;
    double f1 = 0.0;
};

// With 1e-8 in each denominator, as the published scripts have it, so that nothing found is 0.
Rates rates_of(const Counts& counts);

}  // namespace xorch::cellseg
