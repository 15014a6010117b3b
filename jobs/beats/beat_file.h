#pragma once

// The folder in which a preparation hands its beats to the jobs that learn: for each split three
// arrays of NumPy, which other programs read as well, and the names of the recordings in
// beats.json.

#include <string>

#include "core/error.h"
#include "jobs/beats/beat_set.h"

namespace xorch::beats {

// `folder` is the artifact of beats.prepare. Everything is checked: sizes, ranges, order of names.
Result<BeatSplits> read_beats(const std::string& folder);

// Equal beats make equal files. beats.json comes last: a folder without it is unfinished.
Result<void> write_beats(const std::string& folder, const BeatSplits& beats);

}  // namespace xorch::beats
