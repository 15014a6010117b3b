#pragma once

// A network's answer for a whole image, by overlapping tiles.

#include "core/error.h"
#include "jobs/cellseg/flows/masks.h"
#include "jobs/cellseg/images/normalise.h"
#include "jobs/cellseg/learn/predictor.h"

namespace xorch::cellseg {

// `tile` is the side in pixels of the tiles that a larger image is cut into, a multiple of 16; a
// predictor of one size overrides it. Smaller images are padded with zeros.
Result<NetworkOutput> predict_image(Predictor& predictor, const Channels& channels, int tile);

}  // namespace xorch::cellseg
