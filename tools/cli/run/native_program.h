#pragma once

// Finds xorch-runner, which stands beside xorch where it was built or installed, and says how to
// get it where it is missing.

#include <string>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// Where xorch-runner would be, and is if this xorch was built with LibTorch.
std::string native_program_of(const std::string& program);

bool has_native_program(const std::string& program);

// The path of xorch-runner if the sweep has a stage that needs it, else an empty one. not_found
// names the stage and what to install.
Result<std::string> native_program_for(const Sweep& sweep, const std::string& program);

// For everything else that needs it; `what` begins the message.
Result<std::string> require_native_program(const std::string& program, const std::string& what);

}  // namespace xorch
