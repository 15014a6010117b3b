#pragma once

// The user's encoder. Free of LibTorch's headers. One thread.

#include <memory>
#include <string>

#include "core/error.h"
#include "jobs/anomaly/encode/encoder.h"

namespace xorch::anomaly {

// A probe of two images is answered as the contract says, finite, and twice alike.
Result<std::unique_ptr<Encoder>> open_script_encoder(
    const std::string& path, const std::string& texts
);

}  // namespace xorch::anomaly
