#pragma once

// PNG through OpenCV: grey, colour or palette, 8 or 16 bits; an alpha channel is dropped.

#include <string>

#include "core/error.h"
#include "jobs/files/picture.h"
#include "jobs/files/raster.h"

namespace xorch {

// From the bytes of a file. Messages say what is wrong, without the path.
Result<Raster> read_png(const std::string& bytes);

Result<void> write_png(const std::string& path, const Picture& picture);

// 16 bits, three channels; values are clamped to [0, 65535].
Result<void> write_png16(const std::string& path, const Raster& raster);

}  // namespace xorch
