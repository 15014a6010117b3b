#pragma once

// Standing by: each allocation has a process that would reign if nobody did. It looks at the newest
// epoch's counter, which costs one small read, and says when a claim is worth a try; the claim
// itself (recovery.h) judges by the journal. Blocks, until then.

#include <cstdint>

#include "coordinator/journal/alive.h"
#include "coordinator/stop_source.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

enum class Stood {
    may_claim,  // as far as anybody can tell
    over,       // the journal says that the allocation has ended: there is nothing left to do
    told_to_go,
};

struct StandbySettings {
    SweepLayout layout;
    AllocationId allocation;  // that we are part of
    Millis look_every{1'000};
};

// Whether a holder whose counter is looked at now and then may be dead. Pure.
class SilenceWatch {
 public:
    explicit SilenceWatch(Millis silent) : silent_(silent) {}

    // True if the epoch ended, or if nothing changed for so long.
    bool observe(Now now, EpochNumber epoch, const AliveSign& sign);

 private:
    Millis silent_;
    EpochNumber epoch_;
    AliveSign sign_;
    Millis since_{0};
};

// Whether the journal says that our allocation has ended.
Result<bool> is_over(Disk& disk, const StandbySettings& settings, const Sweep& sweep);

Result<Stood> stand_by(
    Disk& disk, const StandbySettings& settings, const Sweep& sweep, StopSource& stop
);

}  // namespace xorch
