#pragma once

// What a training is, read from a unit's parameters and inputs: on which pairs, drawn how, by what
// losses, and by what its best epoch is chosen.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/job.h"
#include "jobs/pix2pix/learn/pair_trainer.h"
#include "jobs/pix2pix/unit_pairs.h"

namespace xorch::pix2pix {

struct TrainingPairs {
    PairSplits splits;
    std::vector<std::size_t> learned;   // places in the training split, in its order
    std::vector<std::size_t> left_out;  // the fold that is scored at the end
    std::vector<double> shares;         // of each learned one in an epoch; empty = a permutation
    std::vector<bool> hard;             // of each learned one
    std::int64_t hits = 0;              // hard ones among them
};

// SAMPLER_NOOP if the sampler is on and no hard pair is learned from; LEAKAGE if validation pairs
// would be.
Result<TrainingPairs> training_pairs(const NativeUnit& unit);

// Some pairs of a set.
PairSet subset_of(const PairSet& set, const std::vector<std::size_t>& pairs);

PairTrainerSettings trainer_settings(const NativeUnit& unit);

PhaseKey best_key(const Parameters& params);

// Constant, then falling to almost nothing in the last `lr_decay_epochs` epochs, from 1.
double learning_rate(const Parameters& params, std::int64_t epoch);

// For the column `checks`.
std::string checks_of(const Parameters& params);

}  // namespace xorch::pix2pix
