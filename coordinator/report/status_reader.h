#pragma once

// How a sweep stands now, for programs that only look. The coordinator's own status file answers at
// once where it says what the journal says; otherwise the journal is read, which takes as long as
// the sweep is large.

#include "coordinator/report/status.h"
#include "coordinator/report/sweep_reader.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

// A status file that is behind the journal still counts while it is at most this old: a live
// coordinator writes one every second, and its journal never stands still.
inline constexpr Millis status_fresh{3'000};

Result<SweepStatus> read_status(Disk& disk, const SweepLayout& layout, Millis now_unix);

// The status that the journal adds up to.
SweepStatus status_of(const SweepReader& sweep);

// Whether the process that reigns is gone, as far as this machine can see: a holder elsewhere is
// believed for as long as its status is at most a minute old.
bool is_abandoned(const SweepStatus& status, Millis now_unix);

}  // namespace xorch
