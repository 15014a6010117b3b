#pragma once

// Two phases in bars. Pure.

#include <string>
#include <utility>
#include <vector>

#include "jobs/files/picture.h"

namespace xorch::pix2pix {

struct BarPair {
    std::string name;
    double prev = 0;
    double cur = 0;
};

// From zero, side by side.
Picture draw_bars(
    const std::string& prev, const std::string& cur, const std::vector<BarPair>& bars
);

// How many of the values lie in each of twenty bins over all of them; the first series and the
// second above one another.
Picture draw_histograms(const std::vector<std::pair<std::string, std::vector<double>>>& series);

}  // namespace xorch::pix2pix
