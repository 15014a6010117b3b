#pragma once

// What the units that this one needs have left for it, and what it leaves itself. Free of LibTorch.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "jobs/job.h"

namespace xorch {

// The paths of what inputs left under that name, in the order of the inputs.
std::vector<std::string> all_left(const NativeUnit& unit, const std::string& name);

// The one of them; nothing if no input left any, conflict if several did.
Result<std::optional<std::string>> find_left(const NativeUnit& unit, const std::string& name);

// Writes an artifact of text; whoever dies meanwhile leaves none, or all of it.
Result<void> leave_text(NativeUnit& unit, std::string_view name, std::string_view text);

}  // namespace xorch
