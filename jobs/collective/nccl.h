#pragma once

// Communicators over NCCL (2.14 or newer), for values in the memory of one GPU per rank. Compiled
// and linked where CUDA is; never run in the project's own tests, which have no GPU.

#include <memory>
#include <string>

#include "core/error.h"
#include "core/time.h"
#include "jobs/collective/communicator.h"

namespace xorch {

// `host` speaks for the same ranks in host memory, carries NCCL's unique id to them and outlives
// the result; every rank calls this, with the GPU that it uses. Sums and broadcasts run on a stream
// of their own, after what was queued on the default stream, and are complete when the call, or
// wait(), returns. unavailable if CUDA or NCCL say no; if a rank dies or `patience` passes, the
// communicator is aborted and every later call fails with the same error.
Result<std::unique_ptr<Communicator>> make_nccl(Communicator& host, int gpu, Millis patience);

// "2.27.3"
Result<std::string> nccl_version();

}  // namespace xorch
