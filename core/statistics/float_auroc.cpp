#include "core/statistics/float_auroc.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace xorch {

namespace {

using Keys = std::vector<std::uint32_t>;

// Three passes over 32 bits; the counts of a pass fit into the first cache of a processor.
constexpr unsigned digit_bits = 11;
constexpr std::uint32_t digit_count = 1U << digit_bits;

// Whole numbers in the order of the floats: negative ones have all bits turned, others the sign.
Keys keys_of(std::vector<float> values) {
    Keys keys(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(values[i] + 0.0F);  // -0 becomes 0
        keys[i] = (bits >> 31U) != 0 ? ~bits : bits | 0x80000000U;
    }
    return keys;
}

void radix_sort(Keys& keys) {
    Keys other(keys.size());
    for (unsigned shift = 0; shift < 32; shift += digit_bits) {
        std::array<std::uint32_t, digit_count> next{};
        for (const std::uint32_t key : keys) {
            ++next[(key >> shift) % digit_count];
        }
        std::uint32_t begin = 0;
        for (std::uint32_t& each : next) {
            begin += std::exchange(each, begin);
        }
        for (const std::uint32_t key : keys) {
            other[next[(key >> shift) % digit_count]++] = key;
        }
        std::swap(keys, other);
    }
}

std::size_t end_of_equal(const Keys& keys, std::size_t at, std::uint32_t key) {
    while (at < keys.size() && keys[at] == key)
        ++at;
    return at;
}

}  // namespace

std::optional<double> float_auroc(std::vector<float> positives, std::vector<float> negatives) {
    if (positives.empty() || negatives.empty()) return std::nullopt;
    const double pairs =
        static_cast<double>(positives.size()) * static_cast<double>(negatives.size());
    Keys above = keys_of(std::move(positives));
    Keys below = keys_of(std::move(negatives));
    radix_sort(above);
    radix_sort(below);
    // Twice the pairs in the right order, so that half a pair is a whole number.
    std::uint64_t won = 0;
    std::size_t lower = 0;
    for (std::size_t first = 0; first < above.size();) {
        const std::uint32_t key = above[first];
        while (lower < below.size() && below[lower] < key)
            ++lower;
        const std::size_t equal = end_of_equal(below, lower, key) - lower;
        const std::size_t last = end_of_equal(above, first, key);
        won += std::uint64_t{last - first} * (2 * lower + equal);
        first = last;
    }
    return static_cast<double>(won) / (2.0 * pairs);
}

}  // namespace xorch
