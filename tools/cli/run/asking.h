#pragma once

// A request to a sweep, answered by whoever reigns over it, or carried out here where nobody does.

#include <string>

#include "core/error.h"
#include "core/messages.h"
#include "tools/cli/run/local_run.h"

namespace xorch {

struct SweepRequest {
    std::string verb;                // what the coordinator knows it as
    std::string arguments;           // JSON
    bool needs_coordinator = false;  // it means nothing where nobody reigns
};

struct Answered {
    ClientReply reply;
    bool somebody_reigns = false;
};

Result<Answered> ask_or_do(const OpenedSweep& opened, const SweepRequest& asked);

}  // namespace xorch
