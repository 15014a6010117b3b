#pragma once

// A folder in a place that others can write to, such as /tmp.

#include <string>

#include "core/error.h"

namespace xorch {

// Makes it, mode 0700, unless it is there. conflict if what is there is not this user's alone.
Result<void> make_private_folder(const std::string& path);

}  // namespace xorch
