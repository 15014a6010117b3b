#pragma once

// Pairs on their canvas: what every job of the family works on. 8 bits per sample; 0 to 255 stand
// for -1 to 1. Plain arrays, free of LibTorch.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/files/grid.h"
#include "jobs/job_state.h"
#include "jobs/pix2pix/data/landmarks.h"
#include "jobs/pix2pix/data/pair_folder.h"

namespace xorch::pix2pix {

inline constexpr int input_channels = 3;

struct PairSet {
    int side = 0;
    std::vector<std::string> ids;       // sorted by id_less
    std::vector<std::uint8_t> inputs;   // [pair][channel][y][x]: red, green, blue
    std::vector<std::uint8_t> targets;  // [pair][y][x]
    std::vector<Landmarks> landmarks;   // in parts of the canvas; of every pair or of none

    std::size_t size() const { return ids.size(); }

    std::size_t pixels() const {
        return static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
    }

    // Where the id is, if it is there.
    std::optional<std::size_t> find(const std::string& id) const;
};

// In [-1, 1].
float to_signed(std::uint8_t byte);
std::uint8_t to_byte(float value);

Plane target_plane(const PairSet& set, std::size_t pair);

// The photo's red, green and blue.
std::array<Grid<std::uint8_t>, input_channels> input_planes(const PairSet& set, std::size_t pair);

struct PairSplits {
    std::array<PairSet, 3> sets;  // in the order of split_names

    const PairSet& train() const { return sets[0]; }

    const PairSet& val() const { return sets[1]; }

    const PairSet& test() const { return sets[2]; }
};

// Reads and letterboxes every pair. Landmarks are kept only where no pair lacks them; those of a
// split that has some are an error.
Result<PairSplits> load_pairs(const PairListing& listing, int side);

JobState store_pairs(const PairSplits& splits);
Result<PairSplits> restore_pairs(const JobState& state);

}  // namespace xorch::pix2pix
