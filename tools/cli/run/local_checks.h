#pragma once

// What can be said about a sweep on this machine before anything runs.

#include "core/capacity.h"
#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// invalid_input with the arithmetic if a gang can never have all its ranks on this machine at once:
// there is no other node. A single unit that is too large pauses the sweep when its turn comes.
Result<void> check_gangs_here(const Sweep& sweep, const Capacity& machine);

// not_found with the package if gangs of this sweep run on this machine and nothing here starts
// them.
Result<void> check_launcher_here(const Sweep& sweep);

}  // namespace xorch
