#pragma once

// What a runner runs units with: its jobs, and the numerical library behind functions, so that the
// loop knows neither and is tested without LibTorch.

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "core/job.h"
#include "jobs/job.h"

namespace xorch {

struct RunnerEquipment {
    std::vector<JobDeclaration> declarations;
    std::span<const NativeJob> jobs;

    // Undoes what an earlier unit changed, seeds, and sets the number of threads.
    void (*begin_unit)(std::uint32_t seed, std::uint32_t threads) = nullptr;
    std::string (*env_key)(std::uint32_t threads) = nullptr;
    JobFailure (*describe)(const std::exception_ptr& exception) = nullptr;

    // Whether jobs compute on a GPU where a rank of a gang has one.
    bool (*has_gpu)() = nullptr;

    std::uint64_t growth_max = 0;  // bytes of memory beyond a fresh runner's; 0 = any
};

}  // namespace xorch
