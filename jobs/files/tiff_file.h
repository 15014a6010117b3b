#pragma once

// TIFF through libtiff: strips or tiles, uncompressed, LZW or deflate, samples of 8, 16 or 32 bits
// with or without sign, or floats. OpenCV's reader knows no 32-bit integers, which label images
// use.

#include <string>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/files/raster.h"

namespace xorch {

// The first image of the file. Messages say what is wrong, without the path.
Result<Raster> read_tiff(const std::string& path);

// Deflated, 32 bits without sign: what the prepared layout keeps masks in.
Result<void> write_label_tiff(const std::string& path, const Labels& labels);

}  // namespace xorch
