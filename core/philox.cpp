#include "core/philox.h"

namespace xorch {

namespace {

constexpr int rounds = 10;
constexpr std::uint64_t multiplier_0 = 0xD251'1F53;
constexpr std::uint64_t multiplier_1 = 0xCD9E'8D57;
// Weyl sequences of the golden ratio and of sqrt(3) - 1.
constexpr std::uint32_t key_step_0 = 0x9E37'79B9;
constexpr std::uint32_t key_step_1 = 0xBB67'AE85;

std::uint32_t high(std::uint64_t product) {
    return static_cast<std::uint32_t>(product >> 32U);
}

std::uint32_t low(std::uint64_t product) {
    return static_cast<std::uint32_t>(product);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(PhiloxCounter counter, PhiloxKey key) {
    for (int round = 0; round < rounds; ++round) {
        const std::uint64_t product_0 = multiplier_0 * counter[0];
        const std::uint64_t product_1 = multiplier_1 * counter[2];
        counter = {
            high(product_1) ^ counter[1] ^ key[0],
            low(product_1),
            high(product_0) ^ counter[3] ^ key[1],
            low(product_0)};
        key[0] += key_step_0;
        key[1] += key_step_1;
    }
    return counter;
}

}  // namespace xorch
