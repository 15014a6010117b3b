#pragma once

// Losses on logits with their gradients, in double precision: four numbers a beat are too few to be
// worth a tensor library, and as plain functions they can be checked by hand.

#include <cstdint>
#include <span>

#include "jobs/beats/balance/per_class.h"

namespace xorch::beats {

enum class LossKind {
    cross_entropy,  // mean weighted by the weights of the true classes
    focal,          // plain mean of weight (1 - p)^gamma (-log p) (Lin et al. 2017)
};

struct LossSettings {
    LossKind kind = LossKind::cross_entropy;
    PerClass weights{1, 1, 1, 1};
    double gamma = 2;  // of focal; 0 = cross entropy
};

// Of a focal loss: shares of the weights, so that their scale does not act as a learning rate.
PerClass focal_weights(const PerClass& weights);

// `logits` has four numbers for each class of `classes`; there is at least one. The gradient with
// respect to them is written to `gradient`, unless that is empty.
double mean_loss(
    std::span<const float> logits,
    std::span<const std::uint8_t> classes,
    const LossSettings& settings,
    std::span<float> gradient = {}
);

// Probabilities of the classes. NaN where a logit is.
PerClass softmax(std::span<const float> logits);

}  // namespace xorch::beats
