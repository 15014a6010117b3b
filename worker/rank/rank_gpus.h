#pragma once

// Which GPUs of its node a rank has. The launcher may have given the rank a choice; of these it
// takes what no unit of this user has, here or of another agent. One thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "worker/gang/lease.h"

namespace xorch {

struct RankGpus {
    std::optional<std::string> visible;  // CUDA_VISIBLE_DEVICES; nothing = leave it
    std::vector<Lease> leases;           // held as long as the rank runs
};

// Waits up to a minute for GPUs that are being given back.
Result<RankGpus> take_rank_gpus(std::uint32_t count, const std::vector<std::string>& environment);

}  // namespace xorch
