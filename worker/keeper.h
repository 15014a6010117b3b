#pragma once

// The agent's parent. An agent that is killed cannot clean up after itself, and a unit's
// grandchildren in sessions of their own are nobody's then; the keeper, which does nothing else and
// so has no reason to die, is the subreaper to which they fall: it kills every descendant and
// starts a new agent. No sockets, no state. One thread.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

// Tells an agent its keeper's name (core/io/process.h).
inline constexpr const char* keeper_variable = "XORCH_KEEPER";

struct KeeperSettings {
    // `--sweep DIR --allocation N --incarnation HEX` and, if known, the end follow.
    std::vector<std::string> agent_command;  // normally {<program>, "agent"}
    SweepLayout layout;
    AllocationId allocation;
    Millis allocation_end_boot{0};  // 0 = without end
    // Passed on to agents as a first word on the end; the batch system may move it, so this keeper
    // goes only when it is told to. 0 = unknown.
    Millis allocation_end_unix{0};
    Millis retry_first{200};  // pause before a new agent after one that died at once; doubles
    Millis retry_max{30'000};
    int quick_failures_max = 8;  // agents in a row that failed at once by themselves
};

// Returns when the agent exited in order, after TERM was passed on and everything is gone, at the
// end of the allocation, or with an error if no agent can be started. To be called in a process of
// its own, in a session of its own.
Result<void> run_keeper(const KeeperSettings& settings);

}  // namespace xorch
