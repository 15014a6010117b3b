#pragma once

// Allocations: nodes lent for a time, by this machine or by Slurm. What the journal knows about
// one, what a backend is asked for, and what it reports. Plain data.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/facts.h"
#include "core/ids.h"
#include "core/time.h"

namespace xorch {

struct AllocationState {
    AllocationId allocation;
    std::string token;
    std::string job;
    Millis end_unix{0};
    Millis began_unix{0};
    std::uint32_t lane = 0;
    AllocationId after;  // its predecessor in the lane; 0 = none
    bool submitted = false;
    bool started = false;
    bool ended = false;
};

struct StartAllocation {
    AllocationId allocation;
    std::string token;
    std::string after_job = {};                 // it must not start before this job has ended
    std::vector<std::string> avoid_nodes = {};  // blamed ones
};

struct EndAllocation {
    AllocationId allocation;
    std::string reason;
    bool started = false;  // its agents were asked to leave, and it ends by itself when they did
};

// With these an agent leaves because its time is up, not because there is nothing left to do.
inline constexpr std::string_view reason_allocation_ends = "the allocation ends";
inline constexpr std::string_view reason_preempted = "preempted";

// A backend says so of a job that it finds nowhere; agents that still speak outweigh it.
inline constexpr std::string_view reason_forgotten = "the batch system does not know it any more";

// Facts of the world that a backend reports.
struct AllocationEvent {
    std::variant<AllocationSubmitted, AllocationStarted, AllocationEnded, AllocationRefused> what;
};

}  // namespace xorch
