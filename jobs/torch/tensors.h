#pragma once

// LibTorch's state to and from a JobState: modules, optimizers, the default random generator. Every
// bit comes back; what does not fit is an error that names the tensor. Modules and optimizers are
// told apart by the name given here ("model", "optimizer"). One thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "jobs/collective/communicator.h"
#include "jobs/job_state.h"
#include "jobs/torch/torch.h"

namespace xorch {

// Of a GPU, the one that this rank has chosen.
torch::Device torch_device(Device device);

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// Parameters and buffers in the order of their registration. They share memory with the module.
NamedTensors tensors_of(const torch::nn::Module& module);
NamedTensors tensors_of(const torch::jit::Module& module);

StoredTensor store_tensor(std::string name, const torch::Tensor& tensor);
Result<torch::Tensor> load_tensor(const StoredTensor& stored);

// As "<name>.<tensor>".
void store_tensors(JobState& state, std::string_view name, const NamedTensors& tensors);

// Copies into the tensors. corrupted if one is missing, or of another shape or type.
Result<void> load_tensors(const JobState& state, std::string_view name, NamedTensors tensors);

// State of each parameter by its place, and the options of each group: LibTorch's own format leaves
// the options out.
void store_optimizer(
    JobState& state, std::string_view name, const torch::optim::Optimizer& optimizer
);
Result<void> load_optimizer(
    const JobState& state, std::string_view name, torch::optim::Optimizer& optimizer
);

// What torch::rand, dropout and initialisers draw from.
void store_generator(JobState& state, std::string_view name);
Result<void> load_generator(const JobState& state, std::string_view name);

}  // namespace xorch
