#pragma once

// Questions about instance labels that every other step asks: where each cell lies, how large it
// is, and numbers without gaps.

#include <vector>

#include "jobs/files/grid.h"

namespace xorch::cellseg {

// Rows [top, bottom) and columns [left, right).
struct Box {
    int top = 0;
    int left = 0;
    int bottom = 0;
    int right = 0;

    bool is_empty() const { return bottom <= top; }

    int height() const { return bottom - top; }

    int width() const { return right - left; }
};

// The greatest label, 0 for an image without cells.
int max_label(const Labels& labels);

// How many different labels above 0 there are. Not "unique values minus one": an image may have no
// background pixel.
int count_cells(const Labels& labels);

// The bounding box of label k at k - 1; empty for labels that do not occur.
std::vector<Box> find_boxes(const Labels& labels);

// Pixels per label, at the label; the background is at 0.
std::vector<int> count_pixels(const Labels& labels);

// Labels 1..N in the order in which they first appear in row order.
void renumber(Labels& labels);

// Sets the labels k with removed[k] to background; removed has an entry per label, 0 included.
void remove_labels(Labels& labels, const std::vector<bool>& removed);

// The median over cells of the diameter of a disc of equal area, in pixels: median(sqrt(area)) * 2
// / sqrt(pi) (Stringer et al. 2021, utils.diameters). 0 for an image without cells.
double median_diameter(const Labels& labels);

}  // namespace xorch::cellseg
