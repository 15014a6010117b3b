#pragma once

// The built-in job `noop` (jobs/declaration.cpp), done on the spot: no process, no file.

#include <string>

#include "core/facts.h"
#include "core/time.h"

namespace xorch {

// `params` is the unit's JSON; `rows` and `payload` in it say what it reports.
AttemptEnd run_noop(Now now, const std::string& params);

}  // namespace xorch
