#include "jobs/beats/balance/collapse.h"

#include <algorithm>

namespace xorch::beats {

namespace {

// The report's collapses had N below 2 %, its sound rounds above 20 %; ratios of more than ten were
// the stacked ones.
constexpr double least_share_of_n = 0.05;
constexpr double greatest_sound_ratio = 10;
constexpr double equal_part = 1.0 / class_count - 1e-9;  // sums of shares are not exact

// Fewer answers than one in two hundred are none, fewer beats than one in a hundred prove nothing.
constexpr double least_predicted = 0.005;
constexpr double least_true = 0.01;

}  // namespace

GradientShares gradient_shares(
    const PerClass& mix, const PerClass& weights, const ClassCounts& counts
) {
    const PerClass prior = shares_of(counts);
    GradientShares result;
    result.share = normalised(product(mix, weights));
    for (std::size_t i = 0; i < prior.size(); ++i) {
        result.greatest_ratio = std::max(result.greatest_ratio, result.share[i] / prior[i]);
        if (result.share[i] >= equal_part) result.favoured += class_names[i];
    }
    result.is_lopsided =
        result.share[0] < least_share_of_n || result.greatest_ratio > greatest_sound_ratio;
    return result;
}

std::string collapse_of(const Confusion& confusion) {
    ClassCounts truth{};
    ClassCounts predicted{};
    for (std::size_t row = 0; row < confusion.size(); ++row) {
        for (std::size_t column = 0; column < confusion.size(); ++column) {
            truth[row] += confusion[row][column];
            predicted[column] += confusion[row][column];
        }
    }
    const PerClass true_shares = shares_of(truth);
    const PerClass predicted_shares = shares_of(predicted);
    std::string left;
    bool is_collapsed = false;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (predicted_shares[i] >= least_predicted) {
            left += class_names[i];
        } else if (true_shares[i] >= least_true) {
            is_collapsed = true;
        }
    }
    return is_collapsed ? left : "";
}

}  // namespace xorch::beats
