#pragma once

// Whether a unit can ever run in the allocations that a sweep asks for, found out before anything
// is submitted: a job that waits for days in a queue must not end with a unit that never had a
// chance. What is not known refuses nothing. Pure.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/site_facts.h"

namespace xorch {

// What the units of one stage need.
struct UnitDemand {
    std::string stage;
    Resources resources;  // of one rank; `time` is the least useful slice, 0 = unknown
    Millis longest{0};    // limits.timeout; 0 = unknown
    bool has_checkpoints = false;
};

// What an allocation gives.
struct AllocationOffer {
    SlurmOptions options;
    // The partitions that may serve it; none = nothing is known about them.
    std::vector<PartitionFacts> partitions;
    Millis overhead{0};  // of an allocation's time, spent on its start and its drain
};

// invalid_input with the arithmetic and a remedy, if a unit of the stage can never run.
Result<void> check_fit(const UnitDemand& demand, const AllocationOffer& offer);

// invalid_input if no partition can give the allocation itself.
Result<void> check_offer(const AllocationOffer& offer);

}  // namespace xorch
