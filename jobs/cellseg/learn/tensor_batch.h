#pragma once

// Where batches meet tensors.

#include <memory>

#include "jobs/cellseg/learn/predictor.h"
#include "jobs/cellseg/learn/unet.h"

namespace xorch::cellseg {

// Shares the memory of the batch, which outlives it.
torch::Tensor to_tensor(const Batch& batch);

// Shares the network.
std::unique_ptr<Predictor> make_unet_predictor(UNet network);

}  // namespace xorch::cellseg
