#pragma once

// Which units a person means: "train/3", the first digits of an id, or values such as "lr=0.1".

#include <string>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/plan.h"

namespace xorch {

// Units that match every word, in plan order. not_found if there is none, or if a word is neither a
// place, nor at least four digits of an id, nor name=value. Linear in the number of units.
Result<std::vector<UnitKey>> find_units(const Plan& plan, const std::vector<std::string>& words);

}  // namespace xorch
