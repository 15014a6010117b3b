#pragma once

// Beats that somebody else cut: windows of 360 samples with a class, a recording and a split each,
// as beats.csv (columns x0 to x359, label, record, split), beats.npz (arrays x, label, record,
// split) or four files x.npy, label.npy, ... Windows are normalised as our own are.

#include <string>

#include "core/error.h"
#include "jobs/beats/beat_set.h"

namespace xorch::beats {

// Whether the folder has one of these layouts.
bool has_beat_table(const std::string& folder);

// Labels N, S, V, O or 0 to 3; splits train, val and generalisation. No recording may be to learn
// from and to generalise to.
Result<BeatSplits> read_beat_table(const std::string& folder);

}  // namespace xorch::beats
