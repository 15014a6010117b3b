#pragma once

// NumPy's archive of arrays: a ZIP file of .npy files, stored or deflated, as numpy.savez and
// numpy.savez_compressed write it. Messages say what is wrong, without the path.

#include <map>
#include <string>
#include <string_view>

#include "core/error.h"

namespace xorch {

// The bytes of each .npy file by its name without that ending; checksums are verified. What the
// arrays unpack to is bounded in all, whatever the file claims.
Result<std::map<std::string, std::string>> read_npz(std::string_view bytes);

}  // namespace xorch
