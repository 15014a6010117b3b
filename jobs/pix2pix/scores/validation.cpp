#include "jobs/pix2pix/scores/validation.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace xorch::pix2pix {

namespace {

constexpr double gate_l1 = 0.170;
constexpr double gate_psnr = 17.0;
constexpr std::size_t gate_failures = 20;

double failures_of(const ValidationSummary& summary) {
    return summary.failed ? static_cast<double>(summary.failed->size()) : 0.0;
}

std::string join(const Ids& ids) {
    std::string text;
    for (const std::string& id : ids) {
        text += (text.empty() ? "" : " ") + id;
    }
    return text;
}

}  // namespace

ValidationMeans means_of(
    const std::vector<PairScore>& scores, std::size_t batch, const ProxyWeights& weights
) {
    XORCH_CHECK(!scores.empty() && batch > 0, "means of nothing");
    ValidationMeans means;
    const auto all = static_cast<double>(scores.size());
    double batches = 0;
    for (std::size_t first = 0; first < scores.size(); first += batch) {
        const std::size_t last = std::min(first + batch, scores.size());
        double pooled = 0;
        for (std::size_t i = first; i < last; ++i) {
            pooled += scores[i].mean_square / static_cast<double>(last - first);
        }
        means.psnr_batch += psnr(pooled);
        ++batches;
    }
    means.psnr_batch /= batches;
    for (const PairScore& score : scores) {
        means.l1 += score.l1 / all;
        means.psnr_sample += score.psnr / all;
        means.proxy += landmark_proxy(score.regions, weights) / all;
        for (std::size_t i = 0; i < region_count; ++i) {
            means.regions[i].l1 += score.regions[i].l1 / all;
            means.regions[i].edge += score.regions[i].edge / all;
        }
    }
    return means;
}

ValidationSummary summarise(
    const ValidationMeans& means,
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const std::optional<Baseline>& baseline
) {
    ValidationSummary summary{.means = means, .failed = {}, .pass_rate = {}};
    if (!baseline) return summary;
    summary.failed = failed_ids(ids, scores, baseline->thresholds);
    summary.pass_rate = hardcase_pass_rate(baseline->hard, *summary.failed);
    return summary;
}

bool passes_gate(const ValidationSummary& summary) {
    return summary.means.l1 <= gate_l1 && summary.means.psnr_sample >= gate_psnr &&
           summary.failed && summary.failed->size() <= gate_failures;
}

std::vector<double> phase_key(const ValidationSummary& summary, PhaseKey key) {
    const double l1 = summary.means.l1;
    switch (key) {
        case PhaseKey::l1:
            return {l1};
        case PhaseKey::failures:
            return {failures_of(summary), l1};
        case PhaseKey::proxy:
            return {summary.means.proxy, failures_of(summary), l1};
    }
    return {};
}

void add_summary_columns(Object& row, const ValidationSummary& summary) {
    set_member(row, "mean_l1", summary.means.l1);
    set_member(row, "mean_psnr_sample", summary.means.psnr_sample);
    set_member(row, "mean_psnr_batch", summary.means.psnr_batch);
    set_member(row, "landmark6_proxy_score", summary.means.proxy);
    for (std::size_t i = 0; i < region_count; ++i) {
        const std::string name = std::string("roi_") + region_names[i];
        set_member(row, name + "_l1", summary.means.regions[i].l1);
        set_member(row, name + "_edge_l1", summary.means.regions[i].edge);
    }
    if (!summary.failed) return;
    set_member(row, "failed_count_fixed", static_cast<std::int64_t>(summary.failed->size()));
    set_member(row, "failed_ids_fixed", join(*summary.failed));
    if (summary.pass_rate) set_member(row, "hardcase_pass_rate", *summary.pass_rate);
    set_member(row, "gate_v2", passes_gate(summary));
}

}  // namespace xorch::pix2pix
