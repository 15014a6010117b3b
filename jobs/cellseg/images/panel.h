#pragma once

// Pictures to look at: what the image shows, what was drawn by hand, what was predicted.

#include <vector>

#include "jobs/cellseg/images/normalise.h"
#include "jobs/files/grid.h"
#include "jobs/files/picture.h"

namespace xorch::cellseg {

// Three panes side by side, small images enlarged: the image; true outlines, green where found and
// orange where missed; predicted outlines, green where right and red where not. Found and right
// mean an overlap (IoU) of at least one half.
Picture draw_panel(const Channels& channels, const Labels& truth, const Labels& predicted);

// Below each other, left-aligned on black.
Picture stack_pictures(const std::vector<Picture>& pictures);

}  // namespace xorch::cellseg
