#pragma once

// What can be said about a sweep on Slurm before anything is submitted.

#include <optional>
#include <string>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// invalid_input with the arithmetic if a unit can never fit an allocation, or if Slurm would refuse
// the job for good. Otherwise a line for people: when Slurm expects to start it, or why it would
// not take it now; nothing if it does not say.
Result<std::optional<std::string>> check_with_slurm(const Sweep& sweep);

}  // namespace xorch
