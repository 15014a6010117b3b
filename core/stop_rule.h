#pragma once

// When a unit is hopeless: the rules of `[[stop]]` on the rows that it reported. Pure, and a
// function of the rows alone, so that it does not matter when somebody looks at them: whoever sees
// more rows finds the same one.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/facts.h"
#include "core/sweep.h"

namespace xorch {

struct Hopeless {
    std::size_t row = 0;  // the first for which a rule holds; later ones do not matter
    std::string reason;   // for people: the rule, the step and the value
};

// The rules that are for the stage.
std::vector<StopRule> stop_rules_of(const Sweep& sweep, const Stage& stage);

// Nothing if no rule holds for any row. A row's step is its column `step`, else `epoch`, else its
// number from 1. A missing value satisfies no rule; NaN satisfies `is = nan` and nothing else.
std::optional<Hopeless> find_hopeless(
    const std::vector<StopRule>& rules, const std::vector<Object>& rows
);

// A done or hopeless attempt as it ends under these rules: hopeless, with the rows up to the one
// that shows it, or else done. Other ends stay what they are.
AttemptEnd judged(const std::vector<StopRule>& rules, AttemptEnd end);

}  // namespace xorch
