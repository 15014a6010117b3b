#pragma once

// Which units of one stage are the inputs of which units of another: those that agree on all shared
// axes. Units that agree with the same inputs form a group; groups are numbered from 0. Plain
// arrays (compressed rows), built once per expansion.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/ids.h"

namespace xorch {

// Rows of different lengths in one array: row n is items[first[n]] .. items[first[n + 1]].
struct Rows {
    std::vector<std::uint32_t> first{0};
    std::vector<std::uint32_t> items;

    std::span<const std::uint32_t> row(std::uint32_t index) const;

    std::uint32_t count() const { return static_cast<std::uint32_t>(first.size() - 1); }

    std::size_t memory_bytes() const;
};

struct Join {
    static constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();

    std::uint32_t upstream = 0;            // stage
    std::vector<std::uint32_t> group_of;   // by unit
    Rows units;                            // by group
    Rows members;                          // by group: upstream units
    std::vector<std::uint32_t> fed_group;  // by upstream unit; `nothing` if no unit joins it
    // By group: what identities say of the inputs; all zero until asked for, empty where a group
    // has about one member and is not worth the memory.
    mutable std::vector<UnitId> digests;

    std::size_t memory_bytes() const;
};

// Units and upstream units are given by codes that are equal where they agree.
Join make_join(
    std::uint32_t upstream,
    const std::vector<std::uint64_t>& codes,
    const std::vector<std::uint64_t>& upstream_codes
);

}  // namespace xorch
