#pragma once

// Checks the regular expression of `records.from = { stdout = ... }`. PCRE2 stays behind this
// header.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

// The names of its groups, in order of number. invalid_input if it is no pattern or names no group.
Result<std::vector<std::string>> pattern_groups(std::string_view pattern);

}  // namespace xorch
