#pragma once

// The scores of a set of pairs together: the metrics "V2" of the report, the proxy for how well the
// six landmarks can be seen, and their gate. Pure.

#include <optional>
#include <vector>

#include "core/value.h"
#include "jobs/pix2pix/scores/failures.h"

namespace xorch::pix2pix {

struct ValidationMeans {
    double l1 = 0;
    double psnr_sample = 0;  // mean of the pairs' own
    double psnr_batch = 0;   // of the mean square of each batch, averaged: never above the other
    double proxy = 0;
    RegionScores regions{};
};

// At least one pair, in order; `batch` of them at once.
ValidationMeans means_of(
    const std::vector<PairScore>& scores, std::size_t batch, const ProxyWeights& weights
);

// What is known of a baseline: nothing before there is one.
struct Baseline {
    FailureThresholds thresholds;
    Ids hard;
};

struct ValidationSummary {
    ValidationMeans means;
    std::optional<Ids> failed;  // with a baseline
    std::optional<double> pass_rate;
};

ValidationSummary summarise(
    const ValidationMeans& means,
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const std::optional<Baseline>& baseline
);

// mean_l1 <= 0.170, mean_psnr_sample >= 17, failed_count_fixed <= 20.
bool passes_gate(const ValidationSummary& summary);

// By what the best epoch, and the best configuration of a phase, is chosen; the first key on which
// two differ decides.
enum class PhaseKey {
    l1,        // mean_l1
    failures,  // failed_count_fixed, mean_l1
    proxy,     // landmark6_proxy_score, failed_count_fixed, mean_l1
};

std::vector<double> phase_key(const ValidationSummary& summary, PhaseKey key);

// mean_l1, mean_psnr_sample, ... under the report's names.
void add_summary_columns(Object& row, const ValidationSummary& summary);

}  // namespace xorch::pix2pix
