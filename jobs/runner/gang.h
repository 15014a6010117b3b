#pragma once

// One rank of a gang: what `xorch-runner gang SOCKET` does in every process that a launcher
// started. Rank 0 hears the one order of this world from the agent, tells the others, and speaks
// for all of them; a world ends with its unit. Its processors are the launcher's affair: the
// order's are not taken. One thread.
//
// A rank that fails says so, with its number, on standard error and to rank 0, which reports it and
// then ends with a failure, so that the launcher ends those that wait. A rank that waits too long
// for another ends itself (jobs/collective/watchdog.h).

#include <string>

#include "core/time.h"
#include "jobs/runner/equipment.h"

namespace xorch {

// How long a rank waits for another in one step. Ranks that read the same data over a slow file
// system are minutes apart before the first one.
inline constexpr Millis gang_patience{300'000};

struct GangEntry {
    std::string socket;  // of the agent, at the node of rank 0
    Millis patience = gang_patience;
};

// The whole process: its exit code.
int serve_gang(const GangEntry& entry, const RunnerEquipment& equipment);

}  // namespace xorch
