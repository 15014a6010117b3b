#pragma once

// An image and its cells as network and metrics take them.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/cellseg/data/cell_folder.h"
#include "jobs/cellseg/images/normalise.h"

namespace xorch::cellseg {

struct ImageSettings {
    bool grey = false;           // colours become one grey channel; else they are DAPI and marker
    bool invert_bright = false;  // an image of dark cells on bright ground is turned over
    bool allow_empty = false;    // accept masks without a cell
};

struct CellImage {
    std::string name;
    std::string group;
    Channels channels;  // normalised
    Labels labels;      // 1..cell_count
    int cell_count = 0;
};

// The error names the file: a mask of another size than its image, a mask without cells.
Result<CellImage> load_cell_image(const CellFile& file, const ImageSettings& settings);

Result<std::vector<CellImage>> load_cell_images(
    const std::vector<CellFile>& files, const ImageSettings& settings
);

// DAPI and marker, or grey and an empty plane, as they are in the files.
Result<std::vector<Plane>> read_channels(const CellFile& file, bool grey);

}  // namespace xorch::cellseg
