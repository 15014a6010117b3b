#pragma once

// What rank 0 alone can find out, told to every rank, so that all go the same way.

#include <string>

#include "core/error.h"
#include "jobs/collective/communicator.h"

namespace xorch {

// `own` of rank 0, value or error, at every rank; what the others give does not count. In host
// memory.
Result<std::string> from_first_rank(Communicator& ranks, Result<std::string> own);

}  // namespace xorch
