#pragma once

// All chance of a simulated run, from one seed. No distribution of the standard library: theirs
// differ between implementations, and a seed must mean the same run everywhere.

#include <cstdint>

#include "core/time.h"

namespace xorch::simulation {

class Dice {
 public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next();

    // 0 .. below - 1; below > 0.
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }

    // first .. last, both included.
    std::uint64_t between(std::uint64_t first, std::uint64_t last) {
        return first + below(last - first + 1);
    }

    Millis between(Millis first, Millis last) {
        return first + Millis{static_cast<std::int64_t>(
                           below(static_cast<std::uint64_t>((last - first).count()) + 1)
                       )};
    }

    bool chance(double probability) {
        return static_cast<double>(next() >> 11U) < probability * 9007199254740992.0;
    }

    // A seed for dice of another purpose, so that one more throw here changes nothing there.
    Dice split() { return Dice(next()); }

 private:
    std::uint64_t state_;
};

// A good 64-bit hash of two numbers.
std::uint64_t mix(std::uint64_t left, std::uint64_t right);

}  // namespace xorch::simulation
