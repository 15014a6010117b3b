#include "jobs/pix2pix/scores/failures.h"

#include <algorithm>

#include "core/statistics/interval.h"
#include "jobs/pix2pix/data/id_tables.h"

namespace xorch::pix2pix {

FailureThresholds thresholds_of(const std::vector<PairScore>& scores, double spread) {
    std::vector<double> l1;
    std::vector<double> ratio;
    for (const PairScore& score : scores) {
        l1.push_back(score.l1);
        ratio.push_back(score.psnr);
    }
    return {
        .l1 = mean_of(l1) + spread * deviation_of(l1),
        .psnr = mean_of(ratio) - spread * deviation_of(ratio)};
}

bool has_failed(const PairScore& score, const FailureThresholds& thresholds) {
    return score.l1 > thresholds.l1 || score.psnr < thresholds.psnr;
}

Ids failed_ids(
    const Ids& ids, const std::vector<PairScore>& scores, const FailureThresholds& thresholds
) {
    Ids failed;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (has_failed(scores[i], thresholds)) failed.push_back(ids[i]);
    }
    return failed;
}

Ids worst_failures(
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const FailureThresholds& thresholds,
    std::size_t count
) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (has_failed(scores[i], thresholds)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return scores[left].l1 > scores[right].l1;
    });
    order.resize(std::min(order.size(), count));
    std::sort(order.begin(), order.end());
    Ids worst;
    for (const std::size_t i : order) {
        worst.push_back(ids[i]);
    }
    return worst;
}

std::optional<double> hardcase_pass_rate(const Ids& hard, const Ids& failed) {
    if (hard.empty()) return std::nullopt;
    return 1.0 -
           static_cast<double>(common_ids(hard, failed).size()) / static_cast<double>(hard.size());
}

Ids common_ids(const Ids& left, const Ids& right) {
    Ids common;
    std::set_intersection(
        left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(common), id_less
    );
    return common;
}

Ids ids_without(const Ids& left, const Ids& right) {
    Ids rest;
    std::set_difference(
        left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(rest), id_less
    );
    return rest;
}

}  // namespace xorch::pix2pix
