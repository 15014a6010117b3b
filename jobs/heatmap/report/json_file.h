#pragma once

// Results as JSON files, and what every one of them says beside its numbers.

#include <string>

#include "core/error.h"
#include "core/value.h"
#include "jobs/job.h"

namespace xorch::heatmap {

// An artifact of that name, indented.
Result<void> write_json(NativeUnit& unit, const std::string& name, const Object& content);

// What nothing published says and this project chose, or what can be shown in ordering only.
Array open_points();

// A null where there is none, with <name>_baseline_zero saying so: never an infinity.
void add_change(Object& row, const std::string& name, double value, double baseline);

}  // namespace xorch::heatmap
