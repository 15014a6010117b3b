#pragma once

// How often a beat of each class is drawn, so that rare classes are seen more than they occur. What
// the batches then hold on average is known beforehand and worth a look: a cap on the weights keeps
// them from the mix that was asked for.

#include <optional>
#include <span>
#include <vector>

#include "jobs/beats/balance/per_class.h"
#include "jobs/random/random_stream.h"

namespace xorch::beats {

struct SamplerSettings {
    double power = 1;                    // of n / (C n_c); 1 = every class as often
    double max_ratio = 0;                // weights end here, the least being 1; 0 = they do not
    std::optional<PerClass> target_mix;  // instead of the power: what batches shall hold
};

struct SamplerPlan {
    PerClass weights{};  // of a beat of that class; the least is 1
    PerClass mix{};      // expected shares of the classes in a batch
};

// Every count is positive, and so is every part of a target mix.
SamplerPlan plan_sampler(const ClassCounts& counts, const SamplerSettings& settings);

// What is drawn from without a sampler.
SamplerPlan natural_plan(const ClassCounts& counts);

// As many beats as there are, with replacement, by their weights.
std::vector<std::size_t> draw_beats(
    RandomStream& random, const PerClass& mix, std::span<const std::uint8_t> classes
);

}  // namespace xorch::beats
