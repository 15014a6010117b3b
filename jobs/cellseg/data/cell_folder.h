#pragma once

// A folder of images with instance masks, in any of the layouts that annotators and programs leave:
//
//   plain      images/NAME.png, masks/NAME_mask.png, splits.yaml
//   prepared   train_cells/ val_cells/ test_cells/ with NAME.png|tif and NAME_mask.tif
//   raw        NAME.tiff (DAPI), NAME_marker.tiff, NAME_cellbodies.npy, splits.yaml or
//              donor_splits.yaml, there or in splits/
//
// NAME is GROUP_ID; the group is the marker or the kind of image. Masks may also be called
// NAME_masks or NAME_cp_masks. Nothing is left out silently: an image without a mask, a mask
// without an image, a name without a file and an image in no split are errors that name the file.

#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

struct CellFile {
    std::string name;
    std::string group;  // the name up to its first '_'
    std::string split;
    std::string image;   // path
    std::string marker;  // path of the marker's channel in the raw layout; else empty
    std::string mask;    // path
};

// By split, then by name.
Result<std::vector<CellFile>> list_cells(const std::string& folder);

// Those of one split; an empty split is an error that names the splits that there are.
Result<std::vector<CellFile>> files_of_split(
    const std::vector<CellFile>& files, const std::string& split, const std::string& folder
);

}  // namespace xorch::cellseg
