#pragma once

// The samples that a unit looks at.

#include <vector>

#include "jobs/heatmap/encode/feature_cache.h"

namespace xorch::heatmap {

struct ChosenSamples {
    FeatureCache cache;
    std::vector<Sample> samples;
};

// The first ones of the features that an input left, as many as the parameter `samples` says; 0 =
// all of them.
Result<ChosenSamples> open_samples(const NativeUnit& unit);

}  // namespace xorch::heatmap
