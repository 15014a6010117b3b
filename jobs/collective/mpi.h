#pragma once

// Communicators over MPI (MPI-3.1; Debian has Open MPI 4.1), for values in host memory.
//
// A collective that takes longer than `patience` ends the process with hung_exit_code: some rank
// is gone or hangs, and MPI cannot be told to give up. The text on standard error names the rank,
// the collective and its number, so that the ranks of a gang can be compared.

#include <memory>

#include "core/error.h"
#include "core/time.h"
#include "jobs/collective/communicator.h"

namespace xorch {

// MPI's life in this process: made once, at its start, by the thread that makes all calls; outlives
// every communicator. unavailable if MPI cannot be started.
class MpiWorld {
 public:
    static Result<std::unique_ptr<MpiWorld>> start();
    ~MpiWorld();
    MpiWorld(const MpiWorld&) = delete;
    MpiWorld& operator=(const MpiWorld&) = delete;

    int rank() const { return rank_; }

    int size() const { return size_; }

    // "Open MPI v4.1.4, ...", as the library says it.
    static std::string version();

 private:
    MpiWorld(int rank, int size) : rank_(rank), size_(size) {}

    int rank_;
    int size_;
};

std::unique_ptr<Communicator> make_mpi(const MpiWorld& world, Millis patience);

}  // namespace xorch
