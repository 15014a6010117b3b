#pragma once

// The student and its optimizer between two steps of training, behind a wall: whoever drives it
// needs no LibTorch. Adam (Kingma and Ba 2015) with the weights' decay in the gradient, which is
// clipped to a norm. Exceptions of LibTorch pass through to the runner, which knows them. One
// thread.

#include <cstdint>
#include <memory>

#include "core/error.h"
#include "jobs/beats/balance/loss.h"
#include "jobs/beats/learn/classifier.h"
#include "jobs/job_state.h"

namespace xorch::beats {

struct StudentSettings {
    double dropout = 0.2;
    double constraint_scale = 1;
    double weight_decay = 1e-4;
    double clip_norm = 1;
    std::uint64_t seed = 0;  // of the initial weights
};

struct StudentStep {
    double learning_rate = 1e-3;
    LossSettings loss;
    std::uint64_t dropout_seed = 0;  // what is dropped depends on nothing else
};

class StudentTrainer {
 public:
    explicit StudentTrainer(const StudentSettings& settings);
    ~StudentTrainer();

    // One step; the loss of the batch before it. An error if that is not finite.
    Result<double> step(const BeatBatch& batch, const StudentStep& how);

    // Sees the weights as they are at each question; this outlives it.
    std::unique_ptr<BeatClassifier> classifier();

    // Keeps the weights as the best so far, and goes back to them.
    void keep_best();
    void take_best();

    // Weights, best weights and optimizer, every bit.
    void store(JobState& state) const;
    Result<void> load(const JobState& state);

    // Weights alone, as open_classifier() reads them.
    JobState model() const;

 private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace xorch::beats
