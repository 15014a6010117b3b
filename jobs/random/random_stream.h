#pragma once

// A stream of random draws with a name: RandomStream(seed, "crop", {epoch, position}). Equal names
// give equal draws, different ones unrelated draws, whatever was drawn elsewhere before; so a
// resumed unit needs no generator state, and a skipped item shifts nobody else's numbers. Integers
// are the same on every machine; normal() rests on libm's log, cos and sin. One thread per object.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "core/philox.h"

namespace xorch {

class RandomStream {
 public:
    RandomStream(
        std::uint64_t seed, std::string_view purpose, std::initializer_list<std::int64_t> where = {}
    );

    std::uint32_t bits32();
    std::uint64_t bits64();

    // In [0, 1), 53 bits.
    double uniform();
    double uniform(double low, double high);

    // In [0, count), without bias. `count` is not 0.
    std::uint64_t below(std::uint64_t count);

    bool chance(double probability);

    // Mean 0, standard deviation 1.
    double normal();

    // 0 to count - 1 in random order.
    std::vector<std::size_t> permutation(std::size_t count);

    // `take` different numbers below `count`, in random order.
    std::vector<std::size_t> sample(std::size_t count, std::size_t take);

    // An index with probability proportional to its weight. Weights are finite, not negative, and
    // not all 0.
    std::size_t weighted(std::span<const double> weights);

 private:
    PhiloxKey key_{};
    PhiloxCounter counter_{};
    std::array<std::uint32_t, 4> block_{};
    std::size_t used_ = 4;  // of the block
};

}  // namespace xorch
