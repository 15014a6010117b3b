#pragma once

// The GPUs that this process may use, as the CUDA runtime lists them (CUDA_VISIBLE_DEVICES counts).
// Compiled where CUDA is; never run in the project's own tests, which have no GPU.

#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

struct Gpu {
    int index = 0;     // what cudaSetDevice() takes
    std::string name;  // "NVIDIA A100-SXM4-40GB"
    std::string uuid;  // "GPU-8f0c..."
    Bytes memory{0};
};

struct GpuList {
    std::string driver;   // the newest CUDA that the driver knows: "13.0"
    std::string runtime;  // of the linked library
    std::vector<Gpu> gpus;
};

// unavailable where there is no driver, with CUDA's own words.
Result<GpuList> list_gpus();

}  // namespace xorch
