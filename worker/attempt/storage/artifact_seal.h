#pragma once

// What a done attempt left in {out}, under one hash beside it: whoever computes from these
// artifacts later can tell whether they are still those. Any thread.

#include <string>

#include "core/error.h"

namespace xorch {

// `folder` is the attempt's {out} as it lasts. Writes the hash of names, sizes and contents (of the
// first gibibyte) of its files to <folder>.hash. Folders with links are left without one: what they
// lead to is not the attempt's.
Result<void> seal_artifacts(const std::string& folder);

// Whether the folder holds what was sealed. Without a seal nobody knows, and it counts as whole.
bool are_whole(const std::string& folder);

// Where the hash is.
std::string artifact_seal(const std::string& folder);

}  // namespace xorch
