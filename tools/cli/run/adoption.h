#pragma once

// Results of earlier sweeps: an unchanged file goes on with its sweep, a changed one takes over
// every finished unit whose id is equal (design: section 8). An id covers parameters, code, data
// and inputs, so equal ids mean equal results.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/input/freeze.h"
#include "core/error.h"
#include "core/facts.h"
#include "core/layout.h"
#include "core/plan.h"

namespace xorch {

// The newest sweep below `home` that was frozen from the same text; nothing if there is none.
std::optional<SweepLayout> find_same_sweep(const std::string& home, const FrozenSweep& frozen);

struct EarlierResults {
    std::string from;  // name of the newest sweep that contributed; empty = none
    std::vector<UnitAdopted> units;
};

// Finished units of earlier sweeps of the same name that units of `plan` are equal to; of several
// the newest sweep's. Sweeps that cannot be read any more contribute nothing.
Result<EarlierResults> find_earlier_results(const std::string& home, const Plan& plan);

struct Adopted {
    std::string from;
    std::size_t units = 0;
};

// Writes them as facts into the journal of a sweep that never ran, in an epoch of their own.
Result<Adopted> adopt_earlier(
    const std::string& home, const SweepLayout& layout, const FrozenSweep& frozen
);

}  // namespace xorch
