#pragma once

// Times as Slurm prints and reads them. What is unknown stays unknown: a word that is no time gives
// nothing, never "without limit", since a wrong end of an allocation costs unsaved work. Pure, but
// for the time zone of this process.

#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace xorch {

struct TimeLimit {
    bool unlimited = false;
    Millis length{0};  // if it is not unlimited

    friend bool operator==(const TimeLimit&, const TimeLimit&) = default;
};

// "MM", "MM:SS", "HH:MM:SS", "D-HH", "D-HH:MM", "D-HH:MM:SS", "UNLIMITED", "infinite". Nothing for
// INVALID, NOT_SET, N/A, and for everything else.
std::optional<TimeLimit> parse_time_limit(std::string_view text);

// As `sbatch --time` reads it: "00:05:00", "1-02:03:00". Limits have a resolution of one minute, so
// it rounds up, and 0 becomes one minute, since Slurm takes 0 for "without limit".
std::string format_time_limit(Millis length);

// The same form with seconds, which are rounded up, for people: "00:00:30".
std::string format_time_span(Millis length);

// Unix time of a time stamp: seconds since 1970, as commands print them under SLURM_TIME_FORMAT=%s
// and as SLURM_JOB_END_TIME holds them, or "2026-11-27T01:02:03" in local time. Nothing for N/A,
// Unknown, None, and for everything else.
std::optional<Millis> parse_time_stamp(std::string_view text);

}  // namespace xorch
