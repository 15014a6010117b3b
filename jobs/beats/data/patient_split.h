#pragma once

// Which recordings are learned from and which only tell how well that generalises: no patient is on
// both sides. Recordings 201 and 202 are of one patient; both lists of "report" keep them together,
// DS1 and DS2, as published, do not. Pure.

#include <cstdint>
#include <string_view>
#include <vector>

#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_cutter.h"

namespace xorch::beats {

struct PatientSplit {
    std::vector<std::string_view> train;           // sorted
    std::vector<std::string_view> generalisation;  // sorted
};

// 32 and 15 recordings; 217 is in neither.
PatientSplit report_split();

// 22 and 22 recordings, without the paced ones (de Chazal et al. 2004).
PatientSplit ds1_ds2_split();

// How many beats of a class are set aside to validate: a fifth, but at least one, and never all.
std::size_t validation_share(std::size_t beats);

// Takes beats out of `train`, by class; the same patients are in both then.
BeatSet take_validation(BeatSet& train, std::uint64_t seed);

// Adds the beats of another recording, which comes after those that are there by name.
void append_record(BeatSet& set, const CutBeats& beats);

}  // namespace xorch::beats
