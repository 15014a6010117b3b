#pragma once

// What `xorch plan` says about a sweep before anything runs: stages, axes, counts, first units,
// what an earlier sweep has finished already, and the very command that the first unit would
// execute. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan.h"
#include "core/value.h"

namespace xorch {

struct PlanViewOptions {
    std::uint32_t units_shown = 5;  // per stage
    std::string directory;          // stands for the sweep's directory, which does not exist yet
};

// Finished units of earlier sweeps that this one would take over.
struct Reuse {
    std::string from;  // the newest such sweep's name; empty = nothing is reused
    std::uint64_t units = 0;
    bool same_sweep = false;  // the file is unchanged: submit would resume that sweep
};

// invalid_input if a stage's command cannot be spelled for its first unit: what only the expansion
// can see, such as the folder of an input of which there are several.
Result<void> check_commands(const Plan& plan);

// For a terminal; values are escaped.
std::string format_plan(const Plan& plan, const Reuse& reuse, const PlanViewOptions& options);

// The same for programs.
Value plan_as_json(const Plan& plan, const Reuse& reuse, const PlanViewOptions& options);

}  // namespace xorch
