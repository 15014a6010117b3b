#include "jobs/random/random_stream.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/hash.h"

namespace xorch {

namespace {

// 128 bits of the name: half of them the key, half the upper part of the counter, of which the
// lower part counts blocks.
UnitId hash_name(
    std::uint64_t seed, std::string_view purpose, std::initializer_list<std::int64_t> where
) {
    std::string name = std::to_string(seed) + "\n" + std::to_string(purpose.size()) + ":";
    name += purpose;
    for (const std::int64_t index : where)
        name += "\n" + std::to_string(index);
    return hash_unit(name);
}

std::uint32_t word(const UnitId& hash, std::size_t number) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i)
        bits |= std::uint32_t{hash.bytes[4 * number + i]} << (8 * i);
    return bits;
}

}  // namespace

RandomStream::RandomStream(
    std::uint64_t seed, std::string_view purpose, std::initializer_list<std::int64_t> where
) {
    const UnitId hash = hash_name(seed, purpose, where);
    key_ = {word(hash, 0), word(hash, 1)};
    counter_ = {0, 0, word(hash, 2), word(hash, 3)};
}

std::uint32_t RandomStream::bits32() {
    if (used_ == block_.size()) {
        block_ = philox4x32(counter_, key_);
        if (++counter_[0] == 0) ++counter_[1];
        used_ = 0;
    }
    return block_[used_++];
}

std::uint64_t RandomStream::bits64() {
    const std::uint64_t low = bits32();
    return (std::uint64_t{bits32()} << 32U) | low;
}

double RandomStream::uniform() {
    return static_cast<double>(bits64() >> 11U) * 0x1.0p-53;
}

double RandomStream::uniform(double low, double high) {
    return low + (high - low) * uniform();
}

std::uint64_t RandomStream::below(std::uint64_t count) {
    XORCH_CHECK(count > 0, "there is no number below 0");
    // What is left of 2^64 after whole multiples of `count` would favour small numbers.
    const std::uint64_t rest = (0 - count) % count;
    for (;;) {
        const std::uint64_t bits = bits64();
        if (bits >= rest) return bits % count;
    }
}

bool RandomStream::chance(double probability) {
    return uniform() < probability;
}

// Box and Muller. Only one of the two normals is used: a draw then takes a fixed number of bits.
double RandomStream::normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::vector<std::size_t> RandomStream::permutation(std::size_t count) {
    return sample(count, count);
}

std::vector<std::size_t> RandomStream::sample(std::size_t count, std::size_t take) {
    XORCH_CHECK(take <= count, "more samples than there are items");
    std::vector<std::size_t> items(count);
    std::iota(items.begin(), items.end(), std::size_t{0});
    for (std::size_t i = 0; i < take; ++i)
        std::swap(items[i], items[i + below(count - i)]);
    items.resize(take);
    return items;
}

std::size_t RandomStream::weighted(std::span<const double> weights) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    XORCH_CHECK(std::isfinite(total) && total > 0, "weights need a positive, finite sum");
    double left = uniform() * total;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] <= 0) continue;
        last = i;
        if (left < weights[i]) return i;
        left -= weights[i];
    }
    return last;  // rounding used up the sum
}

}  // namespace xorch
