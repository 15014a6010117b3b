#pragma once

// Ranks of a sample, and what counts pairs by them. Values are numbers: no NaN. Pure.

#include <cstddef>
#include <optional>
#include <vector>

namespace xorch {

// Indices of the values in rising order; equal values keep theirs.
std::vector<std::size_t> rising_order(const std::vector<double>& values);

// From 1; equal values share the mean of their ranks.
std::vector<double> average_ranks(const std::vector<double>& values);

// The sizes of the groups of equal values, in rising order of the values.
std::vector<std::size_t> tie_sizes(const std::vector<double>& values);

// The chance that a positive scores higher than a negative, a tie counting half: the area under
// the ROC curve. Nothing if either side is empty.
std::optional<double> auroc(
    const std::vector<double>& positives, const std::vector<double>& negatives
);

}  // namespace xorch
