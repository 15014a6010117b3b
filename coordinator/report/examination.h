#pragma once

// What `xorch fsck` can say about a sweep from its journal alone: frames, facts that cannot happen,
// broken invariants, records that cannot be read, tables that do not say what the journal says.

#include <string>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "core/disk.h"
#include "core/layout.h"

namespace xorch {

struct Finding {
    std::string what;    // one sentence
    std::string remedy;  // what to do about it
};

// Reads everything. Where the journal cannot be read, that is the only finding.
std::vector<Finding> examine_sweep(Disk& disk, const SweepLayout& layout);

}  // namespace xorch
