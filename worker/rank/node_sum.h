#pragma once

// The numbers that the nodes of a gang add up to see that each reaches rank 0's and is reached by
// it: what each node gives, and what the sum must be. They follow from a word that only the gang
// knows, so that neither an echo nor the answer of an earlier check passes for them. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/messages.h"

namespace xorch {

using NodeNumbers = std::vector<std::uint64_t>;

// 16 KiB: a dozen packets of full size, which some links lose though they pass small ones, and
// still less than a kernel takes from a sender whose receiver is busy.
inline constexpr std::size_t node_numbers_count = 2048;
inline constexpr std::size_t node_numbers_bytes = node_numbers_count * sizeof(std::uint64_t);

NodeNumbers numbers_of(std::string_view word, std::string_view node);

// Modulo 2^64.
void add_to(NodeNumbers& sum, const NodeNumbers& numbers);

// Of all nodes, as whoever knows the word can tell.
NodeNumbers expected_sum(std::string_view word, const std::vector<RankHost>& hosts);

// Nothing else than the sum gives the word of the next round.
std::string next_word(const NodeNumbers& sum);

// Little-endian.
std::string numbers_as_bytes(const NodeNumbers& numbers);
// `bytes` has node_numbers_bytes.
NodeNumbers numbers_from_bytes(std::string_view bytes);

}  // namespace xorch
