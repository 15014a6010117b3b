#include "jobs/anomaly/encode/branches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "jobs/anomaly/encode/tensor_features.h"

namespace xorch::anomaly {

namespace {

std::vector<float> mean_of(const std::vector<float>& first, const std::vector<float>& second) {
    std::vector<float> mean(first.size());
    for (std::size_t i = 0; i < mean.size(); ++i) {
        mean[i] = (first[i] + second[i]) / 2;
    }
    return mean;
}

}  // namespace

std::vector<float> semantic_scores(const Features& features, const Features& texts, double scale) {
    XORCH_CHECK(texts.rows == 2 && texts.columns == features.columns, "two texts per class");
    std::vector<float> scores;
    for (int i = 0; i < features.rows; ++i) {
        const float* row = features.row(i);
        const float* end = row + features.columns;
        const double normal = std::inner_product(row, end, texts.row(0), 0.0);
        const double abnormal = std::inner_product(row, end, texts.row(1), 0.0);
        scores.push_back(static_cast<float>(1 / (1 + std::exp(scale * (normal - abnormal)))));
    }
    return scores;
}

MemoryScores memory_scores(const Features& features, const Features& bank) {
    XORCH_CHECK(bank.rows > 0 && bank.columns == features.columns, "a bank of such features");
    const torch::NoGradGuard no_gradients;
    const torch::Tensor likeness = torch::mm(tensor_of(features), tensor_of(bank).t());
    const int nearest = std::min(2, bank.rows);
    const torch::Tensor best = std::get<0>(likeness.topk(nearest, 1)).contiguous();
    const float* found = best.data_ptr<float>();
    MemoryScores scores;
    for (int i = 0; i < features.rows; ++i, found += nearest) {
        // Rounding may make a feature a little more than equal to itself.
        scores.distance.push_back(std::max(0.0F, (1 - found[0]) / 2));
        scores.margin.push_back((found[0] - found[nearest - 1]) / 2);
    }
    return scores;
}

MemoryScores mean_scores(const MemoryScores& first, const MemoryScores& second) {
    return {mean_of(first.distance, second.distance), mean_of(first.margin, second.margin)};
}

}  // namespace xorch::anomaly
