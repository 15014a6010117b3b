#pragma once

// Made pairs (skull.h) in the clinical layout, for trying out a sweep where no real ones are.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::pix2pix {

// Of the made validation split: heads as hard as a twelfth of the training ones.
extern const std::vector<int> stubborn_ids;

// Ids 1 to 800 in 600 pairs to train, 100 to validate and 100 to test, with data.csv in GB18030,
// lists of ids and landmarks.csv. Equal seeds make equal files.
Result<void> make_pairs(const std::string& directory, std::uint64_t seed);

// The same with fewer: `train` and `others` pairs.
struct PairCounts {
    int train = 600;
    int others = 100;  // at least one for each stubborn id
};

Result<void> make_pairs(const std::string& directory, std::uint64_t seed, PairCounts counts);

}  // namespace xorch::pix2pix
