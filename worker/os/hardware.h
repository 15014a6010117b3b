#pragma once

// What this machine is and has, as far as this process may use it. Reads the system once per call;
// nothing is kept.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sweep.h"

namespace xorch {

// CPUs that this process may run on, ascending (sched_getaffinity).
std::vector<int> usable_cpus();

// Installed memory, or the cgroup's limit where that is smaller.
Bytes usable_memory();

// GPUs that this process may use: as many as CUDA_VISIBLE_DEVICES names, or all of NVIDIA's.
std::uint32_t usable_gpus();

// The names in a list as CUDA_VISIBLE_DEVICES has it, "0,GPU-5f3a": what GPUs are leased by.
std::vector<std::string> split_gpu_list(std::string_view list);

std::string host_name();

// Changes with every boot; empty if the system does not say.
std::string boot_id();

// "x86_64"
std::string machine_type();

// How often the kernel ended a process of this cgroup for want of memory; 0 where it does not say.
std::uint64_t out_of_memory_kills();

}  // namespace xorch
