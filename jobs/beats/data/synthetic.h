#pragma once

// Made recordings under the names of the real ones, for trying out a sweep where those are not at
// hand: sums of Gaussians per beat, shaped by patient and class. Results on them say nothing about
// hearts.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/beats/data/wfdb_record.h"

namespace xorch::beats {

// 32 patients to learn from, with 3400 normal beats, 141 supraventricular, 160 ventricular and 517
// other ones in all; 15 to generalise to, who vary more and some of whom wear their leads the wrong
// way round. As in the real recordings there are marks that are no beats, 102 and 104 have no lead
// MLII, and in 114 it is the second one. Equal seeds make equal recordings.
std::vector<WfdbRecord> make_patients(std::uint64_t seed);

// The same in files of WFDB.
Result<void> make_beats(const std::string& directory, std::uint64_t seed);

}  // namespace xorch::beats
