#pragma once

// The one place that reads clocks. Only the loops of the coordinator, the agent and the keeper call
// it, once per turn; everything below them takes `Now` as an argument. Any thread.

#include "core/time.h"

namespace xorch {

Now read_clocks();

}  // namespace xorch
