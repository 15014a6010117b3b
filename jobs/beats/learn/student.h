#pragma once

// The small network of this family: eight tokens of a beat (segment_tokens.h), three layers of four
// by four on each token, their mean, and a classifier. Weights and biases of all but the classifier
// are tanh(parameter) times a scale, as if they had to be set in hardware of limited range; before
// each layer the tokens are divided by the largest of the whole batch, so that answers depend on
// the batch. The logits stay small, and that is what lets a lopsided loss take the network over.

#include "jobs/torch/torch.h"

namespace xorch::beats {

struct StudentShape {
    double dropout = 0.2;
    double constraint_scale = 1;  // greatest weight of the constrained layers
};

class StudentImpl : public torch::nn::Module {
 public:
    explicit StudentImpl(const StudentShape& shape);

    // f32[N,1,360] to logits f32[N,4].
    torch::Tensor forward(const torch::Tensor& windows);

 private:
    torch::Tensor constrained(const torch::Tensor& parameter) const;

    StudentShape shape_;
    torch::Tensor filter_weights_;  // [segment, filter, sample]
    torch::Tensor filter_biases_;   // [segment, filter]
    torch::Tensor layer_weights_;   // [layer, to, from]
    torch::Tensor layer_biases_;    // [layer, to]
    torch::nn::Linear classifier_{nullptr};
};

TORCH_MODULE(Student);

}  // namespace xorch::beats
