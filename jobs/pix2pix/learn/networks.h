#pragma once

// The two networks of pix2pix (Isola et al. 2017): a U-Net that makes an X-ray of a photo, and a
// judge of patches that tells made pairs from true ones. Weights begin as in the original: normal
// with deviation 0.02, scales of normalisations around 1.

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/torch/torch.h"

namespace xorch::pix2pix {

enum class Normalisation { batch, instance };

struct GeneratorShape {
    std::int64_t depth = 5;  // halvings: a side of 2^depth or more; twice that with batches of 1
    std::int64_t width = 8;  // channels of the outermost level; up to 8 times as many within
    Normalisation normalisation = Normalisation::batch;
    bool dropout = true;  // in the inner levels of full width, of which a depth of 5 has none
};

class UnetGeneratorImpl final : public torch::nn::Module {
 public:
    explicit UnetGeneratorImpl(const GeneratorShape& shape);

    // f32[N,3,S,S] in [-1, 1] to f32[N,1,S,S] in [-1, 1].
    torch::Tensor forward(const torch::Tensor& photos);

 private:
    GeneratorShape shape_;
    std::vector<torch::nn::Sequential> down_;
    std::vector<torch::nn::Sequential> up_;  // by the level that they lead to
};

TORCH_MODULE(UnetGenerator);

struct JudgeShape {
    std::int64_t layers = 2;  // that halve, beside the first
    std::int64_t width = 8;
    Normalisation normalisation = Normalisation::batch;
};

class PatchJudgeImpl final : public torch::nn::Module {
 public:
    explicit PatchJudgeImpl(const JudgeShape& shape);

    // Photo and X-ray in four channels; a logit per patch, positive for true ones.
    torch::Tensor forward(const torch::Tensor& pairs) { return layers_->forward(pairs); }

 private:
    torch::nn::Sequential layers_;
};

TORCH_MODULE(PatchJudge);

// Draws from the default generator.
void begin_weights(torch::nn::Module& module);

}  // namespace xorch::pix2pix
