#pragma once

// Made images (scene.h) in the prepared layout, for trying out a sweep where no real ones are.

#include <cstdint>
#include <string>

#include "core/error.h"

namespace xorch::cellseg {

// 72 training images of 96 x 96 pixels (gfap 18, iba1 18, neun 19, olig2 17), 24 to validate (olig2
// 9) and 24 to test (olig2 4). Equal seeds make equal files.
Result<void> make_cells(const std::string& directory, std::uint64_t seed);

// What counts as a cell: those of the marker, as annotators of that marker draw them, or every
// nucleus, as in the large mixed sets that general networks are trained on.
enum class Labelling { cells_of_the_marker, every_nucleus };

// The same images with masks of either kind.
Result<void> make_cells(const std::string& directory, std::uint64_t seed, Labelling labelling);

}  // namespace xorch::cellseg
