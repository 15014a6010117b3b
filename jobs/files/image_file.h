#pragma once

// An image or a label image from a file of any of the known formats. The format is told by the
// first bytes, never by the name: files named .png that a TIFF writer wrote are common. Every error
// names the file and the reason.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/files/raster.h"

namespace xorch {

Result<Raster> read_raster(const std::string& path);

// The channels as they are, red, green, blue where there are three.
Result<std::vector<Plane>> read_image(const std::string& path);

struct LabelImage {
    Labels labels;       // renumbered 1..N in row order
    int cell_count = 0;  // 0 is allowed; whoever needs cells says so
};

// One channel of whole numbers from 0.
Result<LabelImage> read_labels(const std::string& path);

}  // namespace xorch
