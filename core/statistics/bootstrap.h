#pragma once

// The bootstrap: what a statistic would have been on samples drawn with replacement from the one
// at hand. Draws are counter-based (core/philox.h), so that an interval is a function of the
// values and the seed, on every machine. Pure.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/statistics/interval.h"

namespace xorch {

struct Resampling {
    std::uint64_t seed = 0;
    std::uint32_t draws = 10'000;  // an end of a 95 % interval then rests on 250 of them
};

// Which of `count` values the resample `draw` has, `count` of them. `group` tells apart the
// groups that are resampled separately.
std::vector<std::size_t> resample(
    const Resampling& resampling, std::uint32_t draw, std::uint32_t group, std::size_t count
);

// The middle 95 % of the means of all resamples. At least one value.
Interval bootstrap_mean_interval(const std::vector<double>& values, const Resampling& resampling);

}  // namespace xorch
