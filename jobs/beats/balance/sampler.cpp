#include "jobs/beats/balance/sampler.h"

#include <algorithm>
#include <cmath>

namespace xorch::beats {

SamplerPlan plan_sampler(const ClassCounts& counts, const SamplerSettings& settings) {
    const PerClass shares = shares_of(counts);
    SamplerPlan plan;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        plan.weights[i] = settings.target_mix
                              ? normalised(*settings.target_mix)[i] / shares[i]
                              : std::pow(1.0 / (class_count * shares[i]), settings.power);
    }
    const double least = *std::min_element(plan.weights.begin(), plan.weights.end());
    for (double& weight : plan.weights) {
        weight /= least;
        if (settings.max_ratio > 0) weight = std::min(weight, std::max(1.0, settings.max_ratio));
    }
    plan.mix = normalised(product(plan.weights, shares));
    return plan;
}

SamplerPlan natural_plan(const ClassCounts& counts) {
    return {
        .weights = {1, 1, 1, 1},
          .mix = shares_of(counts)
    };
}

std::vector<std::size_t> draw_beats(
    RandomStream& random, const PerClass& mix, std::span<const std::uint8_t> classes
) {
    // A beat by its weight is a class by the mix, then any beat of it.
    std::array<std::vector<std::size_t>, class_count> beats_of;
    for (std::size_t beat = 0; beat < classes.size(); ++beat) {
        beats_of.at(classes[beat]).push_back(beat);
    }
    std::vector<std::size_t> drawn(classes.size());
    for (std::size_t& beat : drawn) {
        const std::vector<std::size_t>& from = beats_of.at(random.weighted(mix));
        beat = from[random.below(from.size())];
    }
    return drawn;
}

}  // namespace xorch::beats
