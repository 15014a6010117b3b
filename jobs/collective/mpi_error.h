#pragma once

// What MPI's return codes mean. Pure.

#include <string_view>

#include "core/error.h"

namespace xorch {

// unavailable, with MPI's own words after `what`, if the code is not MPI_SUCCESS.
Result<void> check_mpi(int code, std::string_view what);

}  // namespace xorch
