#include "jobs/cellseg/metrics/gating.h"

#include "core/statistics/percentile.h"
#include "jobs/cellseg/flows/labels.h"

namespace xorch::cellseg {

namespace {

double as_fraction(double quantile) {
    return quantile <= 1.0 ? quantile : quantile / 100.0;
}

}  // namespace

Labels apply_gate(const Labels& labels, const Plane& marker, const Gate& gate) {
    const double low = percentile(marker.values, as_fraction(gate.low));
    const double high = percentile(marker.values, as_fraction(gate.high));
    const std::vector<int> pixels = count_pixels(labels);
    std::vector<double> sums(pixels.size());
    for (std::size_t i = 0; i < labels.values.size(); ++i) {
        sums[static_cast<std::size_t>(labels.values[i])] += marker.values[i];
    }
    std::vector<bool> removed(pixels.size());
    for (std::size_t label = 1; label < pixels.size(); ++label) {
        const double mean = sums[label] / pixels[label];
        removed[label] = pixels[label] < gate.min_area || !(mean >= low && mean <= high);
    }
    Labels kept = labels;
    remove_labels(kept, removed);
    renumber(kept);
    return kept;
}

}  // namespace xorch::cellseg
