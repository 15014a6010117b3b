#pragma once

// How a reign begins: the journal read up to its end, its last holder succeeded, the next epoch
// claimed. Blocks; nothing depends on this process yet.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/decide/state.h"
#include "coordinator/journal/claim.h"
#include "coordinator/journal/journal.h"
#include "core/disk.h"
#include "core/error.h"
#include "core/layout.h"
#include "core/sweep.h"

namespace xorch {

struct ReadState {
    State state;
    JournalEnd end;
    std::vector<std::string> notes;  // snapshots that were passed over, for people
};

// What the journal adds up to now, from the newest snapshot that can be used.
Result<ReadState> read_state(Disk& disk, const SweepLayout& layout, const Sweep& sweep);

struct ClaimSettings {
    SweepLayout layout;
    std::string sweep_hash;
    Holder self;
    Millis holder_silent{20'000};
    WaitingClock clock;
};

struct Claimed {
    State state;
    JournalWriter writer;
    std::vector<std::string> notes;
};

// `conflict` names the holder if somebody reigns.
Result<Claimed> claim_epoch(Disk& disk, const ClaimSettings& settings, const Sweep& sweep);

// The clocks of this process.
WaitingClock real_clock();

}  // namespace xorch
