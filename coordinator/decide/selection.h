#pragma once

// Which units of a stage a selection promotes. Pure, and the same wherever it is asked: the
// coordinator decides by it, `plan` and `explain` show it.

#include <string>
#include <vector>

#include "core/ids.h"
#include "core/sweep.h"

namespace xorch {

// A done unit of the selection's stage.
struct Candidate {
    UnitKey unit;
    Object params;
    Object metrics;  // missing columns are absent
};

struct Decision {
    std::vector<UnitKey> chosen;  // best first; empty = refused
    std::string explanation;      // the chain of reasons, one step per line

    bool refused() const { return chosen.empty(); }
};

// `candidates` in plan order, which breaks ties. A candidate that fails a condition, or whose value
// for a key of `order` is missing or NaN, is never chosen. Refused if fewer than `take` remain.
Decision decide(const Select& select, const std::vector<Candidate>& candidates);

}  // namespace xorch
