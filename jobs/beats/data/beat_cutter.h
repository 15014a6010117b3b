#pragma once

// Beats cut out of a recording: one second around each annotation, from one lead, each brought to
// the same range. What is left out is counted by its reason. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/beats/data/wfdb_record.h"

namespace xorch::beats {

struct CutOptions {
    std::string lead = "MLII";
    // A recording without that lead gives beats of its first one; otherwise none.
    bool first_lead_instead = true;
    // Annotations that are no beats become beats of class O, as in programs that map all unknown
    // symbols to it; otherwise they are left out.
    bool marks_as_other = false;
};

struct CutTally {
    std::int64_t annotations = 0;
    std::int64_t paced = 0;           // of them: beats of a pacemaker, and their fusions
    std::int64_t marks = 0;           // that are no beats: left out, or taken for class O
    std::int64_t at_the_ends = 0;     // whose second is not within the recording
    std::int64_t not_measured = 0;    // with samples that say so
    std::int64_t over_the_limit = 0;  // of beats per recording

    friend bool operator==(const CutTally&, const CutTally&) = default;
};

struct CutBeats {
    std::string record;
    std::string lead;                   // that they are of; empty = no lead, no beats
    std::vector<float> windows;         // [beat][window_samples]
    std::vector<std::uint8_t> classes;  // index into class_names
    CutTally tally;
};

// Subtracts the mean, divides by the greatest magnitude, so that all is in [-1, 1]; flat signals
// become 0. `normalised` is as long as `samples`.
void normalise_window(std::span<const double> samples, std::span<float> normalised);

// Refuses recordings of another rate than 360 Hz.
Result<CutBeats> cut_beats(const WfdbRecord& record, const CutOptions& options);

// Draws at most that many of them, in their order; by seed and name of the recording.
void keep_beats(CutBeats& beats, std::size_t count, std::uint64_t seed);

}  // namespace xorch::beats
