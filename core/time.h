#pragma once

// Time is an argument. Nothing below the two loops reads a clock, so that the simulation can own
// it.

#include <chrono>
#include <cstdint>

namespace xorch {

using Millis = std::chrono::milliseconds;

// Both clocks, read once per turn of a loop. Every duration and deadline is computed on `boot`
// (CLOCK_BOOTTIME, counts through suspend, never jumps); `unix` is for people and for provenance
// columns only.
struct Now {
    Millis boot{0};
    Millis unix{0};
};

}  // namespace xorch
