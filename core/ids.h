#pragma once

// Every identity is a type of its own, so that two of them cannot be swapped in a call.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace xorch {

// A number that means one kind of thing. `Tag` is never defined.
template <class Tag, class Number>
struct Id {
    Number value{};

    friend auto operator<=>(const Id&, const Id&) = default;
};

using StageIndex = Id<struct StageTag, std::uint32_t>;  // position in the sweep file, from 0
using AttemptNumber =
    Id<struct AttemptTag, std::uint32_t>;                // 0 = never tried; the first attempt is 1
using EpochNumber = Id<struct EpochTag, std::uint32_t>;  // 1, 2, ... one per reign; 0 = none
using AllocationId =
    Id<struct AllocationTag, std::uint32_t>;  // 1, 2, ... in the order they were intended
using IncarnationId =
    Id<struct IncarnationTag, std::uint64_t>;  // one life of an agent; random, never 0

// A unit's place in the plan. Stable for the life of a sweep: a stage that a selection fills gets
// its indices when the selection is decided and changes no other stage's. Facts and messages name
// units by it.
struct UnitKey {
    StageIndex stage;
    std::uint32_t index = 0;  // position in the stage's plan order, from 0

    friend auto operator<=>(const UnitKey&, const UnitKey&) = default;
};

// What a unit is, wherever and whenever it runs: BLAKE2b-128 of the canonical JSON of its
// definition (design: Identity).
struct UnitId {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const UnitId&, const UnitId&) = default;
};

// 32 lower-case hexadecimal digits.
std::string format_unit_id(const UnitId& id);

// Nothing unless `text` is exactly 32 hexadecimal digits.
std::optional<UnitId> parse_unit_id(std::string_view text);

// 16 lower-case hexadecimal digits, as in file names.
std::string format_incarnation(IncarnationId id);

std::optional<IncarnationId> parse_incarnation(std::string_view text);

}  // namespace xorch

template <class Tag, class Number>
struct std::hash<xorch::Id<Tag, Number>> {
    std::size_t operator()(const xorch::Id<Tag, Number>& id) const noexcept {
        return std::hash<Number>{}(id.value);
    }
};

template <>
struct std::hash<xorch::UnitKey> {
    std::size_t operator()(const xorch::UnitKey& key) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{key.stage.value} << 32U) | key.index);
    }
};

template <>
struct std::hash<xorch::UnitId> {
    std::size_t operator()(const xorch::UnitId& id
    ) const noexcept;  // the id is a hash already: its first bytes
};
