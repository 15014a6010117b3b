#pragma once

// What a runner does to its own process between units: memory and CPUs. Nothing here fails loudly:
// a kernel that does not say or allow something costs precision only.

#include <cstdint>
#include <vector>

namespace xorch {

std::uint64_t resident_bytes();

// The most that was resident since forget_memory_peak().
std::uint64_t memory_peak_bytes();
void forget_memory_peak();

// What the allocator holds for nobody goes back to the system.
void give_back_memory();

// Every thread of this process, those of libraries too; empty = leave them.
void pin_all_threads(const std::vector<std::uint32_t>& cpus);

}  // namespace xorch
