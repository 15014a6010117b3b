#pragma once

// A network that answers with some of the classes only. Seen before training in what the classes
// pull at it, and after it in what it predicts.

#include <string>

#include "jobs/beats/balance/scores.h"

namespace xorch::beats {

// What part of the gradient is each class's: how often it is in a batch times its weight there.
struct GradientShares {
    PerClass share{};
    double greatest_ratio = 0;  // of a share to the class's part of the beats
    std::string favoured;       // classes with at least an equal part: "SV"
    bool is_lopsided = false;   // N has less than a twentieth, or a ratio is above ten
};

GradientShares gradient_shares(
    const PerClass& mix, const PerClass& weights, const ClassCounts& counts
);

// Classes that are left ("SV", "NO", "N", "S"), if one with at least a hundredth of the beats gets
// less than a two-hundredth of the answers; otherwise empty.
std::string collapse_of(const Confusion& confusion);

}  // namespace xorch::beats
