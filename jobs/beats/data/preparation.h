#pragma once

// From a folder of recordings, or of beats that somebody else cut, to the beats of each split, with
// an account per recording of what became of its annotations.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jobs/beats/beat_set.h"
#include "jobs/beats/data/beat_cutter.h"

namespace xorch::beats {

struct PreparationOptions {
    std::string data;  // folder; empty = made patients
    CutOptions cut;
    bool ds1_ds2 = false;  // instead of the recordings of the report
    // Recordings of the split that the folder lacks are left out; otherwise they are an error.
    bool allow_missing = false;
    std::size_t beats_max = 0;  // of a recording; 0 = all
    std::uint64_t seed = 0;     // of made patients, of the limit, and of what validates
};

using BeatCounts = std::array<std::int64_t, class_count>;

struct PreparedRecord {
    std::string record;
    std::string split;   // train (val is part of it) or generalisation; empty = in neither
    std::string lead;    // empty = not known, or none
    BeatCounts beats{};  // of that split, with those that validate
    BeatCounts val{};
    CutTally tally;
    std::vector<std::string_view> checks;  // names of what a reader should know, of checks.h
};

struct Preparation {
    BeatSplits beats;
    std::vector<PreparedRecord> records;  // sorted by name
};

// `on_record` hears how many of how many recordings are done.
Result<Preparation> prepare_beats(
    const PreparationOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& on_record
);

}  // namespace xorch::beats
