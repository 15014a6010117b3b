#pragma once

// The learning rate of each epoch, as the published program has it.

#include <cstdint>
#include <vector>

namespace xorch::cellseg {

// Ten epochs up from 0 to lr, then lr; with 100 to 300 epochs the last 50 halve every 5, with more
// the last 100 halve every 10. At least ten entries: a run of fewer epochs never reaches lr.
std::vector<double> learning_rates(double lr, int epochs);

// What a run of so many epochs had of its rates.
struct RateReached {
    double greatest = 0.0;
    double sum = 0.0;

    // Whether it never came near the rate that it was asked to learn with.
    bool is_short(double lr) const { return greatest < 0.9 * lr; }
};

RateReached rate_reached(const std::vector<double>& rates, std::int64_t epochs);

}  // namespace xorch::cellseg
