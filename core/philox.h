#pragma once

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a
// bijection of 128-bit counters under a 64-bit key. A draw is a function of key and counter, so
// that nothing has to be carried on or saved: whoever knows where it is draws the same again. Pure;
// any thread.

#include <array>
#include <cstdint>

namespace xorch {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

std::array<std::uint32_t, 4> philox4x32(PhiloxCounter counter, PhiloxKey key);

}  // namespace xorch
