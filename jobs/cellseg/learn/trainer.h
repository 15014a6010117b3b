#pragma once

// The network and its optimizer between two steps of training, behind a wall: whoever drives it
// needs no LibTorch. AdamW (Loshchilov and Hutter 2019). Exceptions of LibTorch, want of memory
// above all, pass through to the runner, which knows them. One thread.

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "jobs/cellseg/learn/predictor.h"
#include "jobs/job_state.h"

namespace xorch::cellseg {

struct TrainerSettings {
    std::int64_t width = 12;  // channels of the network at full size
    double weight_decay = 0.1;
    std::uint64_t seed = 0;  // of the initial weights
};

class Trainer {
 public:
    explicit Trainer(const TrainerSettings& settings);
    ~Trainer();

    // One step at the learning rate; the loss before it. An error if that is not finite. Both
    // batches are of one size, a multiple of 8.
    Result<double> step(const Batch& images, const Batch& targets, double learning_rate);

    // Weights and optimizer, every bit.
    void store(JobState& state) const;
    Result<void> load(const JobState& state);

    // Weights alone, as open_predictor() reads them.
    JobState model() const;

    // Sees the weights as they are at each prediction; this outlives it.
    std::unique_ptr<Predictor> predictor();

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace xorch::cellseg
