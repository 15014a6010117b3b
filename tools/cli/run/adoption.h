#pragma once

// Results of earlier sweeps: an unchanged file goes on with its sweep, a changed one takes over
// every finished unit whose id is equal (design: section 8), and the checkpoints of those that are
// not finished. An id covers parameters, code, data and inputs, so equal ids mean equal results.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/input/freeze.h"
#include "core/error.h"
#include "core/facts.h"
#include "core/layout.h"

namespace xorch {

// The newest sweep below `home` that was frozen from the same text; nothing if there is none.
std::optional<SweepLayout> find_same_sweep(const std::string& home, const FrozenSweep& frozen);

struct EarlierResults {
    std::string from;  // name of the newest sweep that contributed; empty = none
    std::size_t units = 0;
    std::string resumed_from;   // the same of checkpoints
    std::size_t resumable = 0;  // units that go on from one
};

// Finished units of earlier sweeps of the same name that units of this one are equal to; of several
// the newest sweep's. Where they decide a selection, units that it promotes count too.
Result<EarlierResults> find_earlier_results(const std::string& home, const FrozenSweep& frozen);

// Writes them as facts into the journal of a sweep that never ran, after `own` ones that say how
// some of its units ended, and puts checkpoints of its other units where their first attempts look
// for them.
Result<EarlierResults> adopt_earlier(
    const std::string& home,
    const SweepLayout& layout,
    const FrozenSweep& frozen,
    std::vector<Fact> own = {}
);

}  // namespace xorch
