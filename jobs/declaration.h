#pragma once

// All jobs that a sweep can name. Free of LibTorch, so that both programs check a sweep file in the
// same way. A family of jobs adds its list here from its own declare.cpp.

#include <vector>

#include "core/job.h"

namespace xorch {

// `command` (any executable, with any parameters), then the built-in jobs. By value: it is asked
// for once per program.
std::vector<JobDeclaration> job_declarations();

}  // namespace xorch
