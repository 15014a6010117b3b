#pragma once

// What a unit trains on: the images that its budget buys.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/images/crop.h"
#include "jobs/job.h"

namespace xorch::cellseg {

struct TrainingSet {
    std::vector<TrainingImage> images;
    std::string effective;     // what the budget came to, as in Subset
    std::string duplicate_of;  // the smaller budget that came to the same; empty = none
};

// Of the split "train" of the files of `folder`. Images with too few cells are left out before the
// draw: a budget buys images that train.
Result<TrainingSet> load_training_set(
    const NativeUnit& unit, const std::vector<CellFile>& files, const std::string& folder
);

}  // namespace xorch::cellseg
