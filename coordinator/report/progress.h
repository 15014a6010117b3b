#pragma once

// The live display of `submit` and `watch`: a status in, lines out. Nothing here reads a clock or
// knows a terminal; whoever draws decides when, and passes the width.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/report/status.h"
#include "core/time.h"

namespace xorch {

// How fast units become final, for the time that is left.
class Pace {
 public:
    // Call it with every new status; `now` on any clock that does not jump.
    void see(Millis now, const SweepStatus& status);

    // Time until every unit is final if it goes on like in the last ten minutes; nothing before the
    // first unit ended. A stage whose units are not known yet is not counted.
    std::optional<Millis> left() const;

 private:
    struct Sample {
        Millis at{0};
        std::uint64_t final_units = 0;
    };

    std::deque<Sample> samples_;
    std::uint64_t open_units_ = 0;
};

struct ProgressView {
    std::size_t width = 80;
    bool colour = false;
    Millis now_unix{0};
    std::optional<Millis> left;          // from Pace
    std::size_t running_max = 8;         // units shown one by one
    std::vector<std::string> jobs = {};  // of the batch system, a line each, safe to show
};

// A headline, a bar per stage, the units that run, the jobs. Every line fits the width.
std::vector<std::string> progress_lines(const SweepStatus& status, const ProgressView& view);

// The same in one line, for output that is not a terminal:
// "budget_curve: 12 of 25 units done, 2 running, 1 failed, about 1 min 05 s left".
std::string progress_line(const SweepStatus& status, const ProgressView& view);

}  // namespace xorch
