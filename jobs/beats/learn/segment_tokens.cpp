#include "jobs/beats/learn/segment_tokens.h"

#include <cstring>

namespace xorch::beats {

namespace {

// One number of each filter.
using Four = float __attribute__((vector_size(16)));
using Mask = std::int32_t __attribute__((vector_size(16)));

struct Part {
    int segment;
    int first;      // sample under the filter's left end
    int positions;  // of the filter, one sample after the other
};

// A segment of 120 samples has room for 117 positions, the whole beat for 357; what does not fill a
// part of its own is left out.
constexpr Part parts[token_count] = {
    {0, 0,   58 },
    {0, 58,  58 },
    {1, 120, 39 },
    {1, 159, 39 },
    {1, 198, 39 },
    {2, 240, 58 },
    {2, 298, 58 },
    {3, 0,   357},
};

struct SegmentFilter {
    Four weights[filter_samples];
    Four bias;
};

SegmentFilter load_filter(const SegmentFilters& filters, int segment) {
    SegmentFilter filter{};
    for (int i = 0; i < filter_count; ++i) {
        const int at = segment * filter_count + i;
        filter.bias[i] = filters.biases[at];
        for (int sample = 0; sample < filter_samples; ++sample) {
            filter.weights[sample][i] = filters.weights[at * filter_samples + sample];
        }
    }
    return filter;
}

Four everywhere(float value) {
    return Four{value, value, value, value};
}

// Sums of what lay under each weight where the filter passed, and how often it did.
struct Passed {
    Four samples[filter_samples];
    Four count;
};

// Written out sample by sample, so that all of it stays in registers: as loops it took half as long
// again.
Passed pass(const float* from, int positions, const SegmentFilter& filter) {
    const Four zero = everywhere(0.0F);
    const Four one = everywhere(1.0F);
    const auto [w0, w1, w2, w3] = filter.weights;
    Four s0 = zero;
    Four s1 = zero;
    Four s2 = zero;
    Four s3 = zero;
    Four count = zero;
    for (int at = 0; at < positions; ++at) {
        const Four x0 = everywhere(from[at]);
        const Four x1 = everywhere(from[at + 1]);
        const Four x2 = everywhere(from[at + 2]);
        const Four x3 = everywhere(from[at + 3]);
        const Mask passes = filter.bias + w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3 > zero;
        s0 += passes ? x0 : zero;
        s1 += passes ? x1 : zero;
        s2 += passes ? x2 : zero;
        s3 += passes ? x3 : zero;
        count += passes ? one : zero;
    }
    return {
        {s0, s1, s2, s3},
        count
    };
}

void make_token(
    const float* window, const Part& part, const SegmentFilter& filter, float* token, float* slopes
) {
    Passed passed = pass(window + part.first, part.positions, filter);
    const Four share = everywhere(1.0F / static_cast<float>(part.positions));
    Four value = passed.count * share * filter.bias;
    passed.count *= share;
    for (int sample = 0; sample < filter_samples; ++sample) {
        passed.samples[sample] *= share;
        value += filter.weights[sample] * passed.samples[sample];
    }
    std::memcpy(token, &value, sizeof value);
    if (slopes != nullptr) std::memcpy(slopes, &passed, sizeof passed);
}

}  // namespace

void make_tokens(
    const float* windows, std::int64_t beats, const SegmentFilters& filters, const TokenOutput& to
) {
    static_assert(sizeof(Passed) == sizeof(float) * filter_count * slopes_per_number);
    SegmentFilter loaded[segment_count];
    for (int segment = 0; segment < segment_count; ++segment) {
        loaded[segment] = load_filter(filters, segment);
    }
    for (std::int64_t beat = 0; beat < beats; ++beat) {
        const float* window = windows + beat * window_samples;
        for (std::int64_t token = 0; token < token_count; ++token) {
            const std::int64_t at = (beat * token_count + token) * filter_count;
            make_token(
                window,
                parts[token],
                loaded[parts[token].segment],
                to.tokens + at,
                to.slopes == nullptr ? nullptr : to.slopes + at * slopes_per_number
            );
        }
    }
}

FilterGradients filter_gradients(
    const float* token_gradients, const float* slopes, std::int64_t beats
) {
    FilterGradients gradients{
        .weights = std::vector<float>(segment_count * filter_count * filter_samples),
        .biases = std::vector<float>(segment_count * filter_count)};
    for (std::int64_t token = 0; token < beats * token_count; ++token) {
        const int segment = parts[token % token_count].segment;
        for (int filter = 0; filter < filter_count; ++filter) {
            const float gradient = token_gradients[token * filter_count + filter];
            const float* slope = slopes + token * filter_count * slopes_per_number + filter;
            const auto at = static_cast<std::size_t>(segment * filter_count + filter);
            for (std::size_t sample = 0; sample < filter_samples; ++sample) {
                gradients.weights[at * filter_samples + sample] +=
                    gradient * slope[sample * filter_count];
            }
            gradients.biases[at] += gradient * slope[filter_samples * filter_count];
        }
    }
    return gradients;
}

}  // namespace xorch::beats
