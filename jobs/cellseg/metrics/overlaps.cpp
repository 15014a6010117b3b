#include "jobs/cellseg/metrics/overlaps.h"

#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

// Neighbouring pixels with equal labels in both images.
struct Run {
    std::uint64_t pair = 0;  // truth in the upper half, predicted in the lower
    int pixels = 0;
};

std::uint64_t pair_of(int truth, int predicted) {
    return (static_cast<std::uint64_t>(truth) << 32U) | static_cast<std::uint32_t>(predicted);
}

std::vector<Run> find_runs(const Labels& truth, const Labels& predicted) {
    std::vector<Run> runs;
    std::uint64_t current = 0;
    for (std::size_t i = 0; i < truth.values.size(); ++i) {
        if (truth.values[i] == 0 || predicted.values[i] == 0) {
            current = 0;
            continue;
        }
        const std::uint64_t pair = pair_of(truth.values[i], predicted.values[i]);
        if (pair != current) runs.push_back({.pair = pair, .pixels = 0});
        ++runs.back().pixels;
        current = pair;
    }
    std::sort(runs.begin(), runs.end(), [](const Run& left, const Run& right) {
        return left.pair < right.pair;
    });
    return runs;
}

int count_present(const std::vector<int>& pixels) {
    return static_cast<int>(std::count_if(pixels.begin() + 1, pixels.end(), [](int count) {
        return count > 0;
    }));
}

}  // namespace

Overlaps find_overlaps(const Labels& truth, const Labels& predicted) {
    XORCH_CHECK(
        truth.height == predicted.height && truth.width == predicted.width,
        "labels of two sizes are compared"
    );
    const std::vector<int> truth_pixels = count_pixels(truth);
    const std::vector<int> predicted_pixels = count_pixels(predicted);
    Overlaps overlaps{
        .truth_count = count_present(truth_pixels),
        .predicted_count = count_present(predicted_pixels),
        .pairs = {}};
    const std::vector<Run> runs = find_runs(truth, predicted);
    for (std::size_t first = 0; first < runs.size();) {
        const std::uint64_t pair = runs[first].pair;
        int shared = 0;
        for (; first < runs.size() && runs[first].pair == pair; ++first) {
            shared += runs[first].pixels;
        }
        const int true_label = static_cast<int>(pair >> 32U);
        const int predicted_label = static_cast<int>(pair & 0xffffffffU);
        const int either = truth_pixels[static_cast<std::size_t>(true_label)] +
                           predicted_pixels[static_cast<std::size_t>(predicted_label)] - shared;
        overlaps.pairs.push_back(
            {.truth = true_label,
             .predicted = predicted_label,
             .iou = static_cast<double>(shared) / static_cast<double>(either)}
        );
    }
    return overlaps;
}

}  // namespace xorch::cellseg
