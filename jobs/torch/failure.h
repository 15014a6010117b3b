#pragma once

// What an exception out of a job means, LibTorch's own kinds among them. Free of LibTorch's
// headers.

#include <exception>

#include "jobs/job.h"

namespace xorch {

JobFailure describe_torch_failure(const std::exception_ptr& exception);

}  // namespace xorch
