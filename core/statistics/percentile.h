#pragma once

// Percentiles of samples and of images. Pure.

#include <vector>

namespace xorch {

// With linear interpolation between order statistics, at position fraction * (n - 1); fraction in
// [0, 1], at least one value.
double percentile(std::vector<float> values, double fraction);
double percentile(std::vector<double> values, double fraction);

}  // namespace xorch
