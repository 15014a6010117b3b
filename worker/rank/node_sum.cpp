#include "worker/rank/node_sum.h"

#include "core/hash.h"

namespace xorch {

namespace {

constexpr unsigned bits_per_byte = 8;

}  // namespace

// Weyl's sequence from where the hash says, mixed so that neighbours have nothing in common.
NodeNumbers numbers_of(std::string_view word, std::string_view node) {
    std::uint64_t state = 0;
    const UnitId from = hash_unit(std::string(word) + " " + std::string(node));
    for (const std::uint8_t byte : from.bytes)
        state = (state << bits_per_byte | state >> (64 - bits_per_byte)) ^ byte;
    NodeNumbers numbers(node_numbers_count);
    for (std::uint64_t& number : numbers) {
        state += 0x9e3779b97f4a7c15;
        number = state;
        number = (number ^ number >> 32U) * 0xd6e8feb86659fd93;
        number ^= number >> 32U;
    }
    return numbers;
}

void add_to(NodeNumbers& sum, const NodeNumbers& numbers) {
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += numbers[i];
}

NodeNumbers expected_sum(std::string_view word, const std::vector<RankHost>& hosts) {
    NodeNumbers sum(node_numbers_count, 0);
    for (const RankHost& host : hosts)
        add_to(sum, numbers_of(word, host.node));
    return sum;
}

std::string next_word(const NodeNumbers& sum) {
    return hash_text(numbers_as_bytes(sum));
}

std::string numbers_as_bytes(const NodeNumbers& numbers) {
    std::string bytes;
    bytes.reserve(numbers.size() * sizeof(std::uint64_t));
    for (const std::uint64_t number : numbers) {
        for (unsigned shift = 0; shift < 64; shift += bits_per_byte)
            bytes += static_cast<char>(number >> shift & 0xffU);
    }
    return bytes;
}

NodeNumbers numbers_from_bytes(std::string_view bytes) {
    NodeNumbers numbers(node_numbers_count, 0);
    for (std::size_t i = 0; i < node_numbers_bytes; ++i) {
        const std::uint64_t byte = static_cast<unsigned char>(bytes[i]);
        numbers[i / 8] |= byte << i % 8 * bits_per_byte;
    }
    return numbers;
}

}  // namespace xorch
