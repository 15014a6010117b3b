#pragma once

// Durations and sizes as people write them.

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sweep.h"

namespace xorch {

// "500ms", "60s", "10m", "12h", "2d", "1h30m", and Slurm's "MM:SS", "HH:MM:SS", "D-HH:MM:SS". At
// most ten years.
Result<Millis> parse_duration(std::string_view text);

// "1G", "512M", "64K", "2T", "100B"; also with "B" or "iB". Powers of 1024.
Result<Bytes> parse_size(std::string_view text);

// The shortest spelling that reads back as the same.
std::string format_duration(Millis duration);
std::string format_size(Bytes size);

}  // namespace xorch
