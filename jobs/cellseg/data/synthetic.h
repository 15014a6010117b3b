#pragma once

// Made images in the prepared layout, for trying out a sweep where no real ones are: nuclei in
// DAPI, four markers whose cells look different, and unlabelled nuclei that the marker bleeds into.
// Results on them say nothing about brains.

#include <cstdint>
#include <string>

#include "core/error.h"

namespace xorch::cellseg {

// 72 training images of 96 x 96 pixels (gfap 18, iba1 18, neun 19, olig2 17), 24 to validate (olig2
// 9) and 24 to test (olig2 4). Equal seeds make equal files.
Result<void> make_cells(const std::string& directory, std::uint64_t seed);

}  // namespace xorch::cellseg
