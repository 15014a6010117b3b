#pragma once

// Samples of a recording as their file packs them (WFDB, signal(5)). Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/beats/data/wfdb_header.h"

namespace xorch::beats {

// What that many samples take, signals together.
std::size_t wfdb_bytes(WfdbFormat format, std::size_t samples);
// How many whole samples that many bytes hold.
std::size_t wfdb_samples(WfdbFormat format, std::size_t bytes);

// `bytes` has at least wfdb_bytes(format, samples).
std::vector<std::int16_t> decode_wfdb(
    WfdbFormat format, std::string_view bytes, std::size_t samples
);

// Format 212 keeps the low 12 bits of each sample.
std::string encode_wfdb(WfdbFormat format, const std::vector<std::int16_t>& samples);

// The number that says "nothing was measured here".
std::int16_t wfdb_no_sample(WfdbFormat format);

// Modulo 2^16, as a signed number.
std::int32_t wfdb_checksum(const std::vector<std::int16_t>& samples);

}  // namespace xorch::beats
