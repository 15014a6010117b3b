#pragma once

// LibTorch as a unit finds it: threads, seed, determinism; and the name of all that its bits depend
// on. Free of LibTorch's headers. One thread.

#include <cstdint>
#include <string>

namespace xorch {

// Before each unit: what an earlier one changed (threads, generator, gradients) is as it was.
void begin_torch_unit(std::uint32_t seed, std::uint32_t threads);

// "torch-1.13.0 openblas-0.3.21 avx2 threads-1": units of equal keys, equal parameters and equal
// seeds have equal bits.
std::string torch_env_key(std::uint32_t threads);

// LibTorch can use CUDA, and this process has a GPU.
bool torch_has_gpu();

}  // namespace xorch
