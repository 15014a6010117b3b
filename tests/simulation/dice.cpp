#include "tests/simulation/dice.h"

namespace xorch::simulation {

// SplitMix64.
std::uint64_t Dice::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
    return Dice(left * 0x9e3779b97f4a7c15ULL + right).next();
}

}  // namespace xorch::simulation
