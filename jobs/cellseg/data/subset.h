#pragma once

// Which images a budget buys. A draw depends on seed, budget and repeat alone: what other units
// drew, or whether they ran at all, changes nothing.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

struct Budget {
    std::int64_t images = 0;  // of each group, or of all; 0 = every image
    std::int64_t repeat = 0;
    bool per_group = false;
};

struct Subset {
    std::vector<std::size_t> members;  // ascending
    std::string effective;             // what it came to: "40", or "gfap=18 olig2=17" per group
};

// From images given by their groups. A budget above what there is takes what there is.
Subset draw_subset(
    const std::vector<std::string>& groups, const Budget& budget, std::uint32_t seed
);

// The smallest of `budgets` ("2,5,10") below this one that already buys every image, so that both
// train on the same ones; empty if there is none. The error says what is no number.
Result<std::string> clamped_duplicate(
    const std::vector<std::string>& groups, const Budget& budget, const std::string& budgets
);

}  // namespace xorch::cellseg
