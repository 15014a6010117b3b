#pragma once

// What several jobs of the family are given in one of two ways.

#include <string>

#include "core/error.h"
#include "jobs/job.h"

namespace xorch::anomaly {

// The path in that parameter, or of what an input left under that name.
Result<std::string> given_or_left(
    const NativeUnit& unit, const std::string& parameter, const std::string& left
);

}  // namespace xorch::anomaly
