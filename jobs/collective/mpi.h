#pragma once

// Communicators over MPI (MPI-3.1; Debian has Open MPI 4.1), for values in host memory.
//
// A collective that takes longer than `patience` ends the process with hung_exit_code: some rank
// is gone or hangs, and MPI cannot be told to give up. The text on standard error names the rank,
// the collective and its number, so that the ranks of a gang can be compared. What rank 0 waits in
// fails with the words of a rank that told trouble (MpiWorld); from then on so do all its calls.

#include <memory>

#include "core/time.h"
#include "jobs/collective/communicator.h"
#include "jobs/collective/mpi_world.h"

namespace xorch {

std::unique_ptr<Communicator> make_mpi(MpiWorld& world, Millis patience);

}  // namespace xorch
