#pragma once

// The first layer of the student: four filters for each segment of a beat (P, QRS, T, all of it),
// cut off at 0 and averaged over parts of the segment, which makes eight tokens of four numbers.
//
// By hand rather than by LibTorch, because one pass over the samples then gives the tokens together
// with their slopes: the average of what passed a filter depends on each of its weights by a sum
// over the samples at which it passed. Convolution, ReLU and pooling as tensors, forward and
// backward, took three quarters of a training step.

#include <cstdint>
#include <vector>

#include "jobs/beats/beat_set.h"

namespace xorch::beats {

inline constexpr int segment_count = 4;  // P, QRS, T, the whole beat
inline constexpr int filter_count = 4;   // of each segment
inline constexpr int filter_samples = 4;
inline constexpr int token_count = 8;  // 2 of P, 3 of QRS, 2 of T, 1 of the whole
inline constexpr int token_numbers = token_count * filter_count;

// By each of the weights of its filter and by the filter's bias.
inline constexpr int slopes_per_number = filter_samples + 1;
inline constexpr int token_slopes = token_numbers * slopes_per_number;

struct SegmentFilters {
    const float* weights = nullptr;  // [segment][filter][sample]
    const float* biases = nullptr;   // [segment][filter]
};

// `windows` has `beats` windows; `tokens` gets [beat][token][filter], `slopes`, unless it is null,
// [beat][token][weights, then bias][filter].
struct TokenOutput {
    float* tokens = nullptr;
    float* slopes = nullptr;
};

void make_tokens(
    const float* windows, std::int64_t beats, const SegmentFilters& filters, const TokenOutput& to
);

struct FilterGradients {
    std::vector<float> weights;  // as in SegmentFilters
    std::vector<float> biases;
};

// From gradients [beat][token][filter] of tokens and their slopes.
FilterGradients filter_gradients(
    const float* token_gradients, const float* slopes, std::int64_t beats
);

}  // namespace xorch::beats
