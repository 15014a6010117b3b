#pragma once

// What the parameters and inputs of a unit say about pairs, models, baseline and scores, read once
// for all jobs of the family.

#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "jobs/job.h"
#include "jobs/pix2pix/data/pair_set.h"
#include "jobs/pix2pix/scores/validation.h"

namespace xorch::pix2pix {

// Names under which units leave what others look for.
inline constexpr const char* pairs_folder = "pairs";
inline constexpr const char* model_folder = "model";
inline constexpr const char* baseline_name = "failure_thresholds.json";
inline constexpr const char* hard_name = "hard_train.json";
inline constexpr const char* out_of_fold_name = "out_of_fold.csv";

// What the one input left under that name: conflict if several did, not_found if none did.
Result<std::string> require_left(const NativeUnit& unit, const std::string& name);

Result<PairSplits> pairs_of(const NativeUnit& unit);

// The parameter `model`, or the network that the one input left.
Result<std::string> model_of(const NativeUnit& unit);

// Nothing where no input set thresholds.
Result<std::optional<Baseline>> baseline_of(const NativeUnit& unit);
std::string format_baseline(const Baseline& baseline, double spread);

struct HardPairs {
    std::string source;
    Ids ids;
};

// Nothing where no input lists them.
Result<std::optional<HardPairs>> hard_pairs_of(const NativeUnit& unit);
std::string format_hard_pairs(const HardPairs& hard);

ProxyWeights proxy_weights(const Parameters& params);

// Of each pair: invalid_input if they shall follow landmarks and there are none.
Result<std::vector<Regions>> regions_of_set(const PairSet& set, const Parameters& params);

// Writes an artifact that is a folder with a state.
Result<void> leave_state(NativeUnit& unit, const std::string& folder, const JobState& state);

}  // namespace xorch::pix2pix
