#pragma once

// A network that can be asked for the classes of beats: the trained student of this family, or a
// TorchScript file of the user's. Free of LibTorch's headers. One thread.
//
// The contract of a TorchScript module: f32[N,1,360], each window in [-1, 1], goes in; logits
// f32[N,4] of N, S, V and O come out, or a tuple whose first element they are.

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/beats/balance/scores.h"

namespace xorch::beats {

struct BeatBatch {
    std::vector<float> windows;  // [beat][window_samples]
    std::vector<std::uint8_t> classes;

    std::int64_t size() const { return static_cast<std::int64_t>(classes.size()); }
};

// Beats of a set, in that order.
BeatBatch gather(const BeatSet& set, std::span<const std::size_t> beats);

class BeatClassifier {
 public:
    virtual ~BeatClassifier() = default;

    // Four logits for each of `beats` windows.
    virtual Result<std::vector<float>> logits(const float* windows, std::int64_t beats) = 0;
};

// The folder of a model that beats.train left, or a TorchScript file; the error names it.
Result<std::unique_ptr<BeatClassifier>> open_classifier(const std::string& path);

struct Evaluation {
    Confusion confusion{};
    double loss = 0;              // mean cross entropy, every class weighing the same
    PerClass mean_probability{};  // given to each class; they sum to 1
};

// All beats of a set that is not empty, in its order, `batch` at once: a student's answers depend
// on which beats it sees together.
Result<Evaluation> evaluate(BeatClassifier& classifier, const BeatSet& set, std::int64_t batch);

}  // namespace xorch::beats
