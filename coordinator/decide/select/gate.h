#pragma once

// A gate pauses the sweep until somebody has looked. The journal knows only the reason of a pause,
// so the reason says which gate it is, and whoever reads it finds the gate again. Pure.

#include <string>
#include <string_view>

#include "core/sweep.h"

namespace xorch {

// For people, with what to do.
std::string reason_of_gate(const Gate& gate);

// The gate that paused the sweep for this reason, or null.
const Gate* gate_that_paused(const Sweep& sweep, std::string_view reason);

// The gate that somebody must open before the selection is made, or null.
const Gate* gate_before(const Sweep& sweep, std::string_view select);

}  // namespace xorch
