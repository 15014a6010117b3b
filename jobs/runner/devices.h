#pragma once

// `xorch-runner devices`: what this build and this machine have for units of several ranks, as
// lines "name<TAB>value" for `xorch doctor`. Starts neither MPI nor a GPU.

#include <string>

namespace xorch {

// mpi, nccl: their versions, if compiled in; gpu: one that CUDA lists, once for each; no_gpus: why
// it lists none.
std::string describe_devices();

}  // namespace xorch
