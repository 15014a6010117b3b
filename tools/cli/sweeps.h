#pragma once

// Finding sweeps on disk: all of them below $XORCH_HOME, or the one that a person means by a
// directory, a name, or nothing at all. Reads names only, so it is fast with thousands of sweeps.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/layout.h"

namespace xorch {

// The parts of "<name>-<YYYYMMDD_HHMMSS>" or "<name>-<YYYYMMDD_HHMMSS>-<n>".
struct SweepDirectoryName {
    std::string name;
    std::string stamp;
    unsigned repeat = 1;  // the n of an equal stamp; 1 = the first, which is spelled without
};

// Nothing if the text is no such name.
std::optional<SweepDirectoryName> parse_sweep_directory(std::string_view directory);

struct FoundSweep {
    SweepDirectoryName name;
    SweepLayout layout;
    std::int64_t made_ns = 0;  // tells sweeps of one second apart
};

// Newest first. An absent `home` has no sweeps.
std::vector<FoundSweep> list_sweeps(const std::string& home);

// `what` is a directory, the full name of a directory below `home`, a sweep's name (the newest of
// that name), or empty (the newest of all). not_found says what to do.
Result<SweepLayout> find_sweep(const std::string& home, const std::string& what);

}  // namespace xorch
