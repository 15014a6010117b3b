#pragma once

// A TorchScript file of the user's. What it throws, and what it answers with, is the user's matter:
// an error with a reason instead of LibTorch's stack trace. One thread.

#include <string>
#include <vector>

#include "core/error.h"
#include "jobs/torch/torch.h"

namespace xorch {

class ScriptModule {
 public:
    static Result<ScriptModule> open(const std::string& path);

    // Without gradients; of a tuple its first element.
    Result<torch::Tensor> forward(const torch::Tensor& input);

    // All elements of a tuple of tensors.
    Result<std::vector<torch::Tensor>> forward_all(const torch::Tensor& input);

 private:
    explicit ScriptModule(torch::jit::Module module) : module_(std::move(module)) {}

    Result<torch::IValue> ask(const torch::Tensor& input);

    torch::jit::Module module_;
};

// "[2,3,256,256]".
std::string shape_text(torch::IntArrayRef sizes);

// Of that shape, f32 and finite; otherwise the error says what it is.
Result<void> check_answer(const torch::Tensor& answer, const std::vector<std::int64_t>& shape);

}  // namespace xorch
