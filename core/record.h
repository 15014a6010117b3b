#pragma once

// A record: one row of a unit's results. Rows travel and rest as JSON lines, exactly as the unit's
// program or the job wrote them after checking, so that "equal records" can be said byte for byte.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

// Limits of design.md, section 13.
inline constexpr std::size_t record_bytes_max = 1U << 20U;
inline constexpr std::size_t frame_bytes_max = 8U << 20U;

// One row per line, each a flat JSON object of scalars. Refuses nested values, a row over 1 MiB, a
// line that is no JSON, and names the line (from 1).
Result<std::vector<Object>> parse_rows(std::string_view json_lines);

// The inverse; every line ends with a newline.
std::string format_rows(const std::vector<Object>& rows);

// Where the journal keeps a unit's UnitFinished fact, so that rows need not stay in memory.
struct FactLocation {
    std::uint32_t segment = 0;  // the epoch that wrote it; 0 = nowhere
    std::uint32_t fact = 0;     // position in the frame
    std::uint64_t offset = 0;   // of the frame in the segment

    friend bool operator==(const FactLocation&, const FactLocation&) = default;
};

}  // namespace xorch
