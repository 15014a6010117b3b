#pragma once

// A translator's answers for a set of pairs, and their scores.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/parameters.h"
#include "jobs/pix2pix/learn/translator.h"
#include "jobs/pix2pix/scores/validation.h"

namespace xorch::pix2pix {

struct PairEvaluation {
    std::vector<Plane> made;
    std::vector<PairScore> scores;
    ValidationSummary summary;
};

// By the score parameters of a job of this family; the set is not empty.
Result<PairEvaluation> evaluate_pairs(
    Translator& translator,
    const PairSet& set,
    const Parameters& params,
    const std::optional<Baseline>& baseline
);

// val_per_sample_v2.csv: what each pair scored.
std::string format_pair_scores(
    const Ids& ids,
    const std::vector<PairScore>& scores,
    const ProxyWeights& weights,
    const std::optional<Baseline>& baseline
);

struct ScoredPair {
    std::string id;
    PairScore score;
    double proxy = 0;
    bool has_failed = false;
    bool is_hard = false;
};

// What format_pair_scores() wrote; mean squares are not among it. The error names the file.
Result<std::vector<ScoredPair>> read_pair_scores(const std::string& path);

}  // namespace xorch::pix2pix
