#include "jobs/beats/balance/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace xorch::beats {

namespace {

constexpr double focal_floor = 1e-8;  // no class is without any weight

// Stands for a probability that is none; a NaN is left as it is.
constexpr double least_double = std::numeric_limits<double>::denorm_min();

struct Term {
    double loss = 0;
    double slope = 0;  // of the loss by the logit of the true class, over 1 - p
};

// -log p, taken (1 - p)^gamma times. `rest` is 1 - p, exact also where p is close to 1.
Term focal_term(double log_p, double rest, double gamma) {
    if (gamma == 0.0) return {-log_p, -1.0};
    const double focus = std::pow(rest, gamma);
    // gamma (1 - p)^(gamma - 1) p log p, whose limit at p = 1 is 0.
    const double turn =
        rest > 0.0 ? gamma * std::pow(rest, gamma - 1.0) * std::exp(log_p) * log_p : 0.0;
    return {-focus * log_p, turn - focus};
}

}  // namespace

PerClass focal_weights(const PerClass& weights) {
    PerClass result = normalised(weights);
    for (double& weight : result) {
        weight += focal_floor;
    }
    return result;
}

double mean_loss(
    std::span<const float> logits,
    std::span<const std::uint8_t> classes,
    const LossSettings& settings,
    std::span<float> gradient
) {
    XORCH_CHECK(logits.size() == class_count * classes.size(), "four logits for each beat");
    const bool is_focal = settings.kind == LossKind::focal;
    double scale = 0;
    for (const std::uint8_t each : classes) {
        scale += is_focal ? 1.0 : settings.weights.at(each);
    }
    double loss = 0;
    for (std::size_t beat = 0; beat < classes.size(); ++beat) {
        const std::size_t truth = classes[beat];
        const std::span<const float> four = logits.subspan(class_count * beat, class_count);
        const PerClass p = softmax(four);
        double rest = 0;
        for (std::size_t i = 0; i < p.size(); ++i) {
            if (i != truth) rest += p[i];
        }
        const double log_p = std::log(std::max(p[truth], least_double));
        const Term term = focal_term(log_p, rest, is_focal ? settings.gamma : 0.0);
        const double weight = settings.weights[truth] / scale;
        loss += weight * term.loss;
        if (gradient.empty()) continue;
        for (std::size_t i = 0; i < p.size(); ++i) {
            const double along = i == truth ? rest : -p[i];
            gradient[class_count * beat + i] = static_cast<float>(weight * term.slope * along);
        }
    }
    return loss;
}

PerClass softmax(std::span<const float> logits) {
    const double top = *std::max_element(logits.begin(), logits.end());
    PerClass p{};
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        p[i] = std::exp(static_cast<double>(logits[i]) - top);
        sum += p[i];
    }
    for (double& each : p) {
        each /= sum;
    }
    return p;
}

}  // namespace xorch::beats
