#pragma once

// Which units of a stage a selection promotes, and why. Pure, and the same wherever it is asked:
// the coordinator decides by it, `xorch best` asks again at any time.

#include <string>
#include <vector>

#include "coordinator/decide/select/choices.h"
#include "core/sweep.h"

namespace xorch {

struct Decision {
    std::vector<UnitKey> chosen;  // best first; empty = refused
    std::string explanation;      // the chain of reasons, one step per line

    bool refused() const { return chosen.empty(); }
};

// `candidates` are all units of the stage, in any order. Their order in the plan breaks ties. A
// choice that fails a condition, or that has no number for a key of `order`, is never chosen.
// Refused if fewer than `take` remain, or if one of those that remain lacks a repeat and
// `allow_missing` does not say that this is fine.
Decision decide(const Select& select, const std::vector<Candidate>& candidates);

}  // namespace xorch
