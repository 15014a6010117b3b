#pragma once

// The one place that knows every backend.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "core/backend.h"
#include "core/error.h"
#include "tools/cli/run/local_run.h"

namespace xorch {

struct BackendNeeds {
    std::uint64_t descriptors = 0;  // see LocalBackendSettings
    std::function<void(std::string_view)> log = {};
    bool is_awaited = false;  // a person waits for what it says, and then it is not asked again
};

// The backend that the sweep was submitted to.
Result<std::unique_ptr<Backend>> make_backend(const OpenedSweep& opened, const BackendNeeds& needs);

}  // namespace xorch
