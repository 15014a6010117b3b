#pragma once

// A recipe against imbalance: what the parameters of a training say, and what that comes to for the
// beats at hand, known before the first step.

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "jobs/beats/balance/class_weights.h"
#include "jobs/beats/balance/collapse.h"
#include "jobs/beats/balance/loss.h"
#include "jobs/beats/balance/sampler.h"
#include "jobs/beats/learn/epoch_choice.h"
#include "jobs/beats/learn/student_trainer.h"
#include "jobs/parameters.h"

namespace xorch::beats {

enum class BesideSampler { sqrt, uniform, full };

struct TrainingSetup {
    std::optional<SamplerSettings> sampler;
    WeightSettings weights;
    BesideSampler beside_sampler = BesideSampler::sqrt;
    int warm_up = 0;
    LossKind loss = LossKind::cross_entropy;
    double gamma = 2;
    CheckpointScore score = CheckpointScore::rare;
    Patience patience;
    Plateau plateau;
    StudentSettings student;  // but for its seed
    std::int64_t epochs = 0;
    std::int64_t batch = 0;
};

// invalid_input names the parameter that makes no sense.
Result<TrainingSetup> read_setup(const Parameters& params);

CheckpointScore score_of(const Parameters& params);
Patience patience_of(const Parameters& params);

struct Balance {
    ClassCounts counts{};
    SamplerPlan plan;
    ClassWeights weights;   // of the classes
    PerClass ce_weights{};  // what is left of them beside the sampler
    GradientShares gradient;
    bool is_capped = false;  // the sampler's greatest ratio keeps it from its target mix
};

Balance balance(const TrainingSetup& setup, const ClassCounts& counts);

// Of an epoch, numbered from 1; `weights` are those of that epoch.
LossSettings loss_of(const TrainingSetup& setup, const PerClass& weights);

}  // namespace xorch::beats
