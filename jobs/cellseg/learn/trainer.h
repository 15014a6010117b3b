#pragma once

// The network and its optimizer between two steps of training, behind a wall: whoever drives it
// needs no LibTorch. AdamW (Loshchilov and Hutter 2019). The ranks of a gang train one network
// together, on the device of their communicator; how many they are changes no bit of it. Exceptions
// of LibTorch, want of memory above all, pass through to the runner, which knows them. One thread.

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "jobs/cellseg/learn/predictor.h"
#include "jobs/collective/communicator.h"
#include "jobs/job_state.h"

namespace xorch::cellseg {

struct TrainerSettings {
    std::int64_t width = 12;  // channels of the network at full size
    double weight_decay = 0.1;
    std::uint64_t seed = 0;  // of the initial weights
};

class Trainer {
 public:
    // `ranks` outlives this; without them there is one.
    explicit Trainer(const TrainerSettings& settings, Communicator* ranks = nullptr);
    ~Trainer();

    // Every rank goes on from the weights of rank 0.
    Result<void> align();

    // One step on this rank's items, which may be none; the loss of the items of all ranks before
    // it. An error if that is not finite. Both batches are of one size, a multiple of 8.
    Result<double> step(const Batch& images, const Batch& targets, double learning_rate);

    // Weights and optimizer, every bit.
    void store(JobState& state) const;
    Result<void> load(const JobState& state);

    // Weights alone, as open_predictor() reads them.
    JobState model() const;

    // Takes the weights of such a model; one of another width is refused.
    Result<void> start_from(const JobState& model);

    // Sees the weights as they are at each prediction; this outlives it.
    std::unique_ptr<Predictor> predictor();

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace xorch::cellseg
