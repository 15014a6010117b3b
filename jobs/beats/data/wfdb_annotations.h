#pragma once

// What cardiologists wrote beside a recording, as its .atr file keeps it (WFDB, annot(5), the
// format of the MIT database). Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::beats {

struct WfdbAnnotation {
    std::int64_t time = 0;  // in samples from the beginning
    std::uint8_t code = 0;
    std::int16_t subtype = 0;
    std::int16_t channel = 0;  // these two hold until another annotation changes them
    std::int16_t number = 0;
    std::string text;  // as it is stored, often with a zero at its end

    friend bool operator==(const WfdbAnnotation&, const WfdbAnnotation&) = default;
};

// In the order of time. Messages name the byte.
Result<std::vector<WfdbAnnotation>> parse_wfdb_annotations(std::string_view bytes);

// Annotations in the order of time, codes from 1 to 49, texts of at most 1023 bytes.
std::string format_wfdb_annotations(const std::vector<WfdbAnnotation>& annotations);

// 'N', 'V', '+', ...; 0 for codes that mean nothing.
char wfdb_symbol(std::uint8_t code);
// 0 for a symbol that is none.
std::uint8_t wfdb_code(char symbol);

}  // namespace xorch::beats
