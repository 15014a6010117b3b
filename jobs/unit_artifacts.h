#pragma once

// What the units that this one needs have left for it. Free of LibTorch.

#include <optional>
#include <string>

#include "core/error.h"
#include "jobs/job.h"

namespace xorch {

// The path of what an input left under that name; nothing if none did, conflict if several did.
Result<std::optional<std::string>> find_left(const NativeUnit& unit, const std::string& name);

}  // namespace xorch
