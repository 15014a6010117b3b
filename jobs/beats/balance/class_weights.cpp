#include "jobs/beats/balance/class_weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xorch::beats {

namespace {

PerClass raw_weights(const ClassCounts& counts, const WeightSettings& settings) {
    const auto of = [&](double numerator) {
        PerClass weights{};
        std::transform(counts.begin(), counts.end(), weights.begin(), [&](std::int64_t count) {
            return std::pow(numerator / static_cast<double>(count), settings.power);
        });
        return weights;
    };
    const auto total = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    const auto beats = static_cast<double>(total);
    switch (settings.norm) {
        case WeightNorm::none:
            return {1, 1, 1, 1};
        case WeightNorm::balanced:
            return of(beats / class_count);
        case WeightNorm::majority1:
            return of(static_cast<double>(*std::max_element(counts.begin(), counts.end())));
        case WeightNorm::mean1: {
            PerClass weights = normalised(of(beats));
            for (double& weight : weights) {
                weight *= class_count;
            }
            return weights;
        }
    }
    return {};
}

}  // namespace

Result<WeightNorm> parse_weight_norm(std::string_view name) {
    if (name == "none") return WeightNorm::none;
    if (name == "balanced") return WeightNorm::balanced;
    if (name == "mean1") return WeightNorm::mean1;
    if (name == "majority1") return WeightNorm::majority1;
    return fail(ErrorCode::invalid_input, "no such weight_norm: " + std::string(name));
}

ClassWeights weigh_classes(const ClassCounts& counts, const WeightSettings& settings) {
    ClassWeights weights;
    weights.raw = raw_weights(counts, settings);
    weights.clamped = weights.raw;
    if (settings.max_ratio <= 0) return weights;
    // A greatest ratio below 1 would turn the bounds around.
    const double greatest = std::max(1.0, settings.max_ratio);
    const double least = settings.norm == WeightNorm::majority1 ? 1.0 : 1.0 / greatest;
    for (double& weight : weights.clamped) {
        weight = std::clamp(weight, least, greatest);
    }
    return weights;
}

PerClass tempered(const PerClass& weights) {
    PerClass roots{};
    std::transform(weights.begin(), weights.end(), roots.begin(), [](double weight) {
        return std::sqrt(weight);
    });
    return roots;
}

double warm_up_alpha(int epoch, int warm_up) {
    if (warm_up == 0) return 1.0;
    return std::clamp(static_cast<double>(epoch - 1) / warm_up, 0.0, 1.0);
}

PerClass warmed(const PerClass& weights, double alpha) {
    PerClass result{};
    std::transform(weights.begin(), weights.end(), result.begin(), [&](double weight) {
        return (1.0 - alpha) + alpha * weight;
    });
    return result;
}

}  // namespace xorch::beats
