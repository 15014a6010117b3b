#pragma once

// TorchScript files as a user brings them, without Python. Free of LibTorch.

#include <string>

namespace xorch {

// `source` defines forward(self, x, ...).
void save_script(const std::string& path, const std::string& source);

}  // namespace xorch
