#pragma once

// Weights of the classes in the loss, rare ones heavier. There are three ways to scale them, and
// the same "greatest ratio" means another thing in each, so that the way has a name of its own in
// every sweep file and log.

#include <string_view>

#include "core/error.h"
#include "jobs/beats/balance/per_class.h"

namespace xorch::beats {

// C classes, n beats, n_c of class c, power p, greatest ratio r.
enum class WeightNorm {
    none,       // 1 for each class
    balanced,   // (n / (C n_c))^p, clamped to [1/r, r]
    mean1,      // (n / n_c)^p over its mean, clamped to [1/r, r]
    majority1,  // (n_max / n_c)^p, clamped to [1, r]: the commonest class keeps 1
};

// As parameters and logs spell it.
Result<WeightNorm> parse_weight_norm(std::string_view name);

struct WeightSettings {
    WeightNorm norm = WeightNorm::none;
    double power = 1;
    double max_ratio = 0;  // 0 = not clamped
};

struct ClassWeights {
    PerClass raw{};
    PerClass clamped{};
};

// Every count is positive.
ClassWeights weigh_classes(const ClassCounts& counts, const WeightSettings& settings);

// Square roots: what is left of the weights beside a sampler that balances already.
PerClass tempered(const PerClass& weights);

// How much of the weights counts in an epoch, numbered from 1: 0 at first, 1 after `warm_up`
// epochs.
double warm_up_alpha(int epoch, int warm_up);

// (1 - alpha) + alpha * weight.
PerClass warmed(const PerClass& weights, double alpha);

}  // namespace xorch::beats
