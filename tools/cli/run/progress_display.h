#pragma once

// Progress on standard output: redrawn in place on a terminal, a line now and then elsewhere. One
// thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/report/progress.h"
#include "coordinator/report/status.h"
#include "core/time.h"
#include "tools/cli/verbs.h"

namespace xorch {

class ProgressDisplay {
 public:
    explicit ProgressDisplay(const Terminal& terminal) : terminal_(terminal) {}

    // `jobs`: those of the batch system, a line each, safe to show.
    void show(Now now, const SweepStatus& status, const std::vector<std::string>& jobs = {});

    // A line that stays, above the progress.
    void say(std::string_view line);

    // Leaves the cursor below what was drawn.
    void finish();

 private:
    // What, written first, removes the drawn lines.
    std::string erasure();

    Terminal terminal_;
    Pace pace_;
    std::size_t lines_drawn_ = 0;
    Millis last_line_boot_{0};
    std::string last_line_;
};

}  // namespace xorch
