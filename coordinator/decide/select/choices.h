#pragma once

// What a selection chooses among: one unit, or all repeats of one point taken together. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/sweep.h"

namespace xorch {

// A unit of the selection's stage.
struct Candidate {
    UnitKey unit;
    Object params{};
    Object metrics{};     // missing columns are absent
    bool is_done = true;  // else it has no metrics yet, or never will
    bool is_hopeless = false;
};

// The mean over the repeats of a choice.
struct Score {
    double mean = 0.0;
    double standard_error = 0.0;  // of the mean; 0 for a single unit
    std::size_t n = 1;
};

struct Choice {
    UnitKey unit;     // the first done repeat, which stands for all; the first at all if none is
    Object params{};  // without the axes that count repeats
    std::vector<const Candidate*> done{};
    std::vector<UnitKey> missing{};  // repeats that are not done, and may be one day
    bool is_hopeless = false;        // one of the repeats is: never chosen

    // Nothing if a done repeat has no number there, or none is done: such a choice never wins.
    std::optional<Score> score(const std::string& metric) const;
};

// In plan order of their first units, whatever the order of the candidates, which must outlive the
// choices. `repeats` are the axes whose points are repeats.
std::vector<Choice> make_choices(
    const std::vector<Candidate>& candidates, const std::vector<std::string>& repeats
);

// A condition on a parameter looks at the choice, `is`, `is_not` and `in` of a metric at every
// repeat, and its bounds at the mean.
bool meets(const Choice& choice, const Condition& condition);

}  // namespace xorch
