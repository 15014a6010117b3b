#pragma once

// Where the output of ended attempts rests: packs of many attempts each, so that a million units do
// not make a million files. A pack is plain text with a title line before each attempt's bytes; the
// journal holds pack, offset and length (OutputLocation). Written by the agents
// (worker/attempt/storage/output_store.h), read by anybody.

#include <string>
#include <string_view>

#include "core/disk.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/layout.h"

namespace xorch {

// A new pack is begun when this much is in one (design: section 9).
inline constexpr std::uint64_t pack_bytes_max = 64ULL << 20U;

// "<16 hex>-<n>.pack", in the sweep's logs folder.
std::string pack_name(IncarnationId incarnation, std::uint32_t number);

// The bytes of one attempt's output as the unit wrote them; only the last `at_most` of them if
// there are more. Empty for an attempt without output. corrupted if the pack is shorter than the
// location says.
Result<std::string> read_output(
    Disk& disk, const SweepLayout& layout, const OutputLocation& location, Bytes at_most
);

// For terminals: control bytes (but newline and tab) and bytes that are not UTF-8 as \xHH, so that
// output cannot steer the reader's terminal. A carriage return becomes a newline.
std::string escape_output(std::string_view bytes);

// The last lines of some output, escaped: at most `lines` and `bytes_max`.
std::string last_lines(std::string_view output, std::size_t lines, std::size_t bytes_max);

}  // namespace xorch
