#pragma once

// TorchScript files as a user brings them, without Python. Free of LibTorch.

#include <string>

namespace xorch {

// A module whose forward(self, x) has that body, one line of TorchScript.
void save_script(const std::string& path, const std::string& body);

}  // namespace xorch
