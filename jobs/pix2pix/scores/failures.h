#pragma once

// Which pairs count as failed, by thresholds that a baseline sets once and no later phase moves;
// and what follows from the lists of failed ids of several phases. The thresholds' rule is the
// project's own choice: the report names neither. Pure.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/pix2pix/scores/pair_scores.h"

namespace xorch::pix2pix {

struct FailureThresholds {
    double l1 = 0;    // above it a pair has failed
    double psnr = 0;  // below it, too

    friend bool operator==(const FailureThresholds&, const FailureThresholds&) = default;
};

// Mean l1 + spread standard deviations; mean psnr - spread of them. Of two pairs or more.
FailureThresholds thresholds_of(const std::vector<PairScore>& scores, double spread);

bool has_failed(const PairScore& score, const FailureThresholds& thresholds);

using Ids = std::vector<std::string>;  // sorted by id_less

Ids failed_ids(
    const Ids& ids, const std::vector<PairScore>& scores, const FailureThresholds& thresholds
);

// The `count` ids of the greatest l1 among the failed ones, or all of those.
Ids worst_failures(
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const FailureThresholds& thresholds,
    std::size_t count
);

// 1 - |hard and failed| / |hard|; nothing without hard ones.
std::optional<double> hardcase_pass_rate(const Ids& hard, const Ids& failed);

// In both.
Ids common_ids(const Ids& left, const Ids& right);

// In the first and not in the second.
Ids ids_without(const Ids& left, const Ids& right);

}  // namespace xorch::pix2pix
