#pragma once

// How much a value has changed. Pure.

#include <optional>

namespace xorch {

// In per cent of the size of the baseline, so that what becomes more negative falls. Nothing where
// the baseline is zero: that is no change "by infinity".
std::optional<double> relative_change(double value, double baseline);

}  // namespace xorch
