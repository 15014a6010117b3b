#include "jobs/beats/training_setup.h"

#include <cmath>
#include <cstdlib>

namespace xorch::beats {

namespace {

constexpr double mix_tolerance = 1e-6;

// "0.5,0.2,0.2,0.1".
Result<PerClass> parse_mix(const std::string& text) {
    PerClass mix{};
    const char* at = text.c_str();
    for (std::size_t i = 0; i < mix.size(); ++i) {
        char* end = nullptr;
        mix[i] = std::strtod(at, &end);
        const bool is_last = i + 1 == mix.size();
        if (end == at || !std::isfinite(mix[i]) || mix[i] <= 0 || *end != (is_last ? '\0' : ',')) {
            return fail(
                ErrorCode::invalid_input,
                "target_mix = " + text + ": four positive numbers with commas are expected"
            );
        }
        at = end + 1;
    }
    return mix;
}

Result<std::optional<SamplerSettings>> read_sampler(const Parameters& params) {
    const std::string& kind = params.text("sampler");
    std::optional<SamplerSettings> sampler;
    if (kind == "none") return sampler;
    sampler = SamplerSettings{
        .power = params.number("sampler_power"),
        .max_ratio = params.number("sampler_max_ratio"),
        .target_mix = {}};
    if (kind == "mix") {
        const auto mix = parse_mix(params.text("target_mix"));
        if (!mix) return tl::unexpected(mix.error());
        sampler->target_mix = normalised(*mix);
    }
    return sampler;
}

BesideSampler beside_of(const Parameters& params) {
    const std::string& left = params.text("beside_sampler");
    if (left == "full") return BesideSampler::full;
    return left == "uniform" ? BesideSampler::uniform : BesideSampler::sqrt;
}

PerClass weights_beside(const TrainingSetup& setup, const PerClass& weights) {
    if (!setup.sampler) return weights;
    switch (setup.beside_sampler) {
        case BesideSampler::sqrt:
            return tempered(weights);
        case BesideSampler::uniform:
            return {1, 1, 1, 1};
        case BesideSampler::full:
            return weights;
    }
    return weights;
}

}  // namespace

Result<TrainingSetup> read_setup(const Parameters& params) {
    const auto sampler = read_sampler(params);
    if (!sampler) return tl::unexpected(sampler.error());
    const auto norm = parse_weight_norm(params.text("weight_norm"));
    if (!norm) return tl::unexpected(norm.error());
    TrainingSetup setup;
    setup.sampler = *sampler;
    setup.weights = {
        .norm = *norm,
        .power = params.number("weight_power"),
        .max_ratio = params.number("weight_max_ratio")};
    setup.beside_sampler = beside_of(params);
    setup.warm_up = static_cast<int>(params.integer("weight_warm_up"));
    const bool is_focal = params.text("loss") == "focal";
    setup.loss = is_focal ? LossKind::focal : LossKind::cross_entropy;
    setup.gamma = params.number("focal_gamma");
    setup.score = score_of(params);
    setup.patience = patience_of(params);
    setup.plateau.rate = params.number("lr");
    setup.plateau.factor = params.number("plateau_factor");
    setup.plateau.patience = params.integer("plateau_patience");
    setup.student.dropout = params.number("dropout");
    setup.student.constraint_scale = params.number("constraint_scale");
    setup.student.weight_decay = params.number("weight_decay");
    setup.student.clip_norm = params.number("clip_norm");
    setup.epochs = params.integer("epochs");
    setup.batch = params.integer("batch");
    return setup;
}

CheckpointScore score_of(const Parameters& params) {
    const auto score = parse_checkpoint_score(params.text("score"));
    XORCH_CHECK(score, "the choices of the parameter are the scores there are");
    return *score;
}

Patience patience_of(const Parameters& params) {
    return {.epochs = params.integer("patience"), .min_epochs = params.integer("min_epochs")};
}

Balance balance(const TrainingSetup& setup, const ClassCounts& counts) {
    Balance result;
    result.counts = counts;
    result.plan = setup.sampler ? plan_sampler(counts, *setup.sampler) : natural_plan(counts);
    result.weights = weigh_classes(counts, setup.weights);
    result.ce_weights = weights_beside(setup, result.weights.clamped);
    result.gradient = gradient_shares(result.plan.mix, result.ce_weights, counts);
    if (!setup.sampler || !setup.sampler->target_mix) return result;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double off = result.plan.mix[i] - (*setup.sampler->target_mix)[i];
        if (std::abs(off) > mix_tolerance) result.is_capped = true;
    }
    return result;
}

LossSettings loss_of(const TrainingSetup& setup, const PerClass& weights) {
    const bool is_focal = setup.loss == LossKind::focal;
    return {
        .kind = setup.loss,
        .weights = is_focal ? focal_weights(weights) : weights,
        .gamma = setup.gamma};
}

}  // namespace xorch::beats
