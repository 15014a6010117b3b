#pragma once

// NumPy's array file, versions 1 to 3, little-endian or bytes, row or column order: raw annotations
// come in it. Format: numpy.lib.format.

#include <string_view>

#include "core/error.h"
#include "jobs/files/raster.h"

namespace xorch {

// Two dimensions, or three with the channels last. Messages say what is wrong, without the path.
Result<Raster> read_npy(std::string_view bytes);

}  // namespace xorch
