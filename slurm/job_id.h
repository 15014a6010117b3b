#pragma once

// The number that Slurm gives a job. It is no identity: a requeued job keeps it, and two copies may
// live at once, so allocations and incarnations of agents are what xorch trusts.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ids.h"

namespace xorch {

using SlurmJobId = Id<struct SlurmJobTag, std::uint32_t>;  // 0 = none

// "123", "123_4" (task of an array) and "123+1" (component of a heterogeneous job) are job 123.
// Nothing for 0 and for everything else.
std::optional<SlurmJobId> parse_job_id(std::string_view text);

}  // namespace xorch
