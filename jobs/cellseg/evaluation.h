#pragma once

// From a network to the columns of a record: masks of each image of a split, matched with the
// truth.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/value.h"
#include "jobs/cellseg/data/cell_image.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/cellseg/learn/predictor.h"
#include "jobs/cellseg/metrics/matching.h"

namespace xorch::cellseg {

struct ImageScore {
    std::string name;
    std::string group;
    Counts counts;  // at an overlap (IoU) of one half
};

Result<Labels> predict_labels(
    Predictor& predictor, const CellImage& image, int tile, const MaskSettings& settings
);

ImageScore score_image(const CellImage& image, const Labels& predicted);

// overall_* and GROUP_* for each group, in order of their names, of
//   ap50         the mean over images of tp / (tp + fp + fn) (macro)
//   ap50_pooled  the same of the sums over images (micro)
//   precision recall f1   of the sums over images
// Macro weighs images, micro weighs cells: the two must not be compared with each other.
void add_scores(Object& record, const std::vector<ImageScore>& scores);

}  // namespace xorch::cellseg
