#pragma once

// What a node offers to units, and how many of them it holds at once. Pure.

#include <cstdint>

#include "core/sweep.h"

namespace xorch {

struct Capacity {
    std::uint32_t cpus = 0;
    std::uint32_t gpus = 0;
    Bytes memory{0};  // 0 = not watched

    friend bool operator==(const Capacity&, const Capacity&) = default;
};

// How many units (of gangs: ranks) with these needs fit into what `used` leaves of the capacity.
std::uint32_t fitting(const Capacity& capacity, const Capacity& used, const Resources& each);

// So many of them use it from now on, or no longer.
void occupy(Capacity& used, const Resources& each, std::uint32_t count);
void vacate(Capacity& used, const Resources& each, std::uint32_t count);

}  // namespace xorch
