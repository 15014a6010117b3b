#pragma once

// Beats to look at: what the classes look like, and whether the splits look alike.

#include "jobs/beats/beat_set.h"
#include "jobs/files/picture.h"

namespace xorch::beats {

// A row per class, a column per split; in each pane its number of beats, a few dozen of them spread
// over the split in grey, and the mean of all in colour.
Picture draw_beats(const BeatSplits& beats);

}  // namespace xorch::beats
