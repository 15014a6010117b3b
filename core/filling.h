#pragma once

// Records of a unit that ran again because something was missing. What the first run said stands;
// the second one only fills in, and only if it agrees in everything else: numbers of two runs that
// differ are of two experiments.

#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace xorch {

// Numbers agree if they differ by no more than this, relative to the larger one above 1: the last
// digits of a sum depend on the machine, those of another experiment come first.
inline constexpr double agreement_tolerance = 1e-9;

struct FilledRows {
    std::string rows;          // JSON lines; those that stand if there is a disagreement
    std::string disagreement;  // for people; empty = none
};

// A missing cell, a null and a NaN are filled in; further rows are added at the end. A cell that
// stands is never changed, also where the new one agrees only within the tolerance. Cells of the
// columns `varies` need not agree.
FilledRows fill_rows(
    std::string_view standing, std::string_view fresh, const std::vector<std::string>& varies
);

}  // namespace xorch
