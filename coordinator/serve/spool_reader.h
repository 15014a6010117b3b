#pragma once

// What the spool of an agent that is gone still has to report. May block: for an errand's thread.

#include <string>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/messages.h"

namespace xorch {

// Its reports, and nothing else; none if there is no spool.
Result<std::vector<AgentMessage>> read_spool(
    Disk& disk, const std::string& path, IncarnationId incarnation
);

}  // namespace xorch
