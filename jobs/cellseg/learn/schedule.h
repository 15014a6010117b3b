#pragma once

// The learning rate of each epoch, as the published program has it.

#include <vector>

namespace xorch::cellseg {

// Ten epochs up from 0 to lr, then lr; with 100 to 300 epochs the last 50 halve every 5, with more
// the last 100 halve every 10. At least ten entries: a run of fewer epochs never reaches lr.
std::vector<double> learning_rates(double lr, int epochs);

}  // namespace xorch::cellseg
