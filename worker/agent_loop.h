#pragma once

// The agent as a process: one loop over its connection to the coordinator, its attempts, signals
// and the clock, around worker/agent.h, which decides. TERM, INT and HUP mean preempted; USR2 means
// that the batch system may have moved the end of the allocation. If the keeper dies, the agent
// kills its attempts and leaves at once: what it reported is in its spool. One thread.

#include <functional>
#include <string>

#include "core/error.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/layout.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

struct AgentLoopSettings {
    SweepLayout layout;
    AllocationId allocation;
    IncarnationId incarnation;
    Millis allocation_end_boot{0};  // 0 = without end
    Capacity capacity;              // see measure_capacity()
    // Called after USR2; nothing = the end does not move.
    std::function<Millis()> read_allocation_end = {};
};

// What this process may use: CPUs of its affinity mask, `local.slots` or its job's share, memory of
// the machine or its cgroup, the GPUs that CUDA_VISIBLE_DEVICES lists or the driver shows.
Capacity measure_capacity(const Sweep& sweep);

// Returns when the agent left in order. To be called in a process of its own, started by a keeper.
Result<void> run_agent(const Sweep& sweep, const AgentLoopSettings& settings);

}  // namespace xorch
