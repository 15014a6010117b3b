#pragma once

// The one door to LibTorch: nothing else includes its headers, so that they are precompiled once.
// Only for files of targets with xorch_use_torch() (tools/cmake/torch.cmake).

#include <torch/script.h>
#include <torch/torch.h>
