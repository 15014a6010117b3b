#pragma once

// Both networks with their optimizers between two steps of training, behind a wall: whoever drives
// it needs no LibTorch. Exceptions of LibTorch pass through to the runner, which knows them. One
// thread.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/error.h"
#include "jobs/job_state.h"
#include "jobs/pix2pix/learn/translator.h"
#include "jobs/pix2pix/scores/regions.h"

namespace xorch::pix2pix {

// As of the parameters of pix2pix.train, which say what each is.
struct PairTrainerSettings {
    std::int64_t depth = 5;
    std::int64_t width = 8;
    std::int64_t judge_layers = 2;
    std::int64_t judge_width = 8;
    bool by_instance = false;
    bool dropout = true;
    double beta1 = 0.5;
    double l1 = 100;
    double edge = 0;
    bool region_loss = false;
    double region_l1 = 100;
    double region_edge = 100;
    std::array<double, region_count> region_weights{1, 1, 1};
    double ab_edge = 1;
    std::uint64_t seed = 0;  // of the initial weights
};

struct PairBatch {
    PhotoBatch photos;
    std::vector<float> targets;    // [pair][y][x] in [-1, 1]
    std::vector<Regions> regions;  // one per pair
};

struct PairStep {
    double learning_rate = 2e-4;
    std::uint64_t dropout_seed = 0;  // what is dropped depends on nothing else
};

struct PairLosses {
    double judge = 0;
    double generator = 0;
};

class PairTrainer {
 public:
    explicit PairTrainer(const PairTrainerSettings& settings);
    ~PairTrainer();

    // First the judge, then the generator; losses before their steps. An error if one is not
    // finite.
    Result<PairLosses> step(const PairBatch& batch, const PairStep& how);

    // Sees the weights as they are at each question; this outlives it.
    std::unique_ptr<Translator> translator();

    // Keeps the generator's weights as the best so far, and goes back to them.
    void keep_best();
    void take_best();

    // Both networks, the best generator and both optimizers, every bit.
    void store(JobState& state) const;
    Result<void> load(const JobState& state);

    // The generator alone, as open_translator() reads it.
    JobState model() const;

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace xorch::pix2pix
