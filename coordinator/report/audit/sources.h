#pragma once

// Whether the code, the data and the set-up script that a sweep was frozen from are still what they
// were. Reads all of them again, so it takes as long as they are large.

#include <vector>

#include "coordinator/report/audit/audit.h"

namespace xorch {

// Adds a flaw for each done unit whose code, data or set-up script has changed or is gone. An
// adopted or resumed result was made of the same code and data, or it would have another id.
void add_stale(const SweepReader& sweep, StageAudit& audit);

}  // namespace xorch
