#pragma once

// From cells of a split to the columns of a record. Free of LibTorch: where cells came from, a
// network now or one that answered long ago, is no matter.

#include <string>
#include <vector>

#include "core/value.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/metrics/matching.h"

namespace xorch::cellseg {

struct ImageScore {
    std::string name;
    std::string group;
    Counts counts;  // at an overlap (IoU) of one half
};

ImageScore score_image(const CellImage& image, const Labels& predicted);

// overall_* and GROUP_* for each group, in order of their names, of
//   ap50         the mean over images of tp / (tp + fp + fn) (macro)
//   ap50_pooled  the same of the sums over images (micro)
//   precision recall f1   of the sums over images
// Macro weighs images, micro weighs cells: the two must not be compared with each other.
void add_scores(Object& record, const std::vector<ImageScore>& scores);

}  // namespace xorch::cellseg
