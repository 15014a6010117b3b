#pragma once

// The hash of a file, or of all files of a folder with their names: whether a model is the one that
// answers are of.

#include <string>

#include "core/error.h"

namespace xorch {

// Folders in it are an error. The error names the file.
Result<std::string> hash_path(const std::string& path);

}  // namespace xorch
