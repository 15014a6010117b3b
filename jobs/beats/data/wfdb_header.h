#pragma once

// The header of a recording in the format of the WFDB library (PhysioNet, header(5)): which signals
// there are, in which files, and what their numbers mean.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::beats {

enum class WfdbFormat {
    packed_12 = 212,  // two samples of 12 bits in three bytes
    plain_16 = 16,    // low byte first
};

struct WfdbSignal {
    std::string file;  // a name without folders
    WfdbFormat format = WfdbFormat::packed_12;
    std::size_t offset = 0;       // of its first sample in the file, bytes
    double gain = 200.0;          // steps per unit, not 0
    std::string unit;             // empty = unsaid: mV
    std::int32_t baseline = 0;    // the number that means 0 units
    std::int32_t resolution = 0;  // bits; 0 = unsaid
    std::int32_t zero = 0;        // middle of the converter's range
    std::int32_t first_sample = 0;
    std::optional<std::int32_t> checksum;  // sum of its samples, the low 16 bits with their sign
    std::string lead;                      // "MLII"; may be empty

    friend bool operator==(const WfdbSignal&, const WfdbSignal&) = default;
};

struct WfdbHeader {
    std::string record;
    double rate = 250.0;                 // samples per second
    std::optional<std::size_t> samples;  // per signal; nothing = as many as there are
    std::vector<WfdbSignal> signals;
    std::vector<std::string> comments;  // what stands behind each #

    friend bool operator==(const WfdbHeader&, const WfdbHeader&) = default;
};

// Messages name the line. Refused with a reason: recordings in segments, signals with several
// samples per frame or a skew, formats other than 212 and 16, files outside of the folder.
Result<WfdbHeader> parse_wfdb_header(std::string_view text);

// A lead's name stands behind its checksum, and is left out without one.
std::string format_wfdb_header(const WfdbHeader& header);

}  // namespace xorch::beats
