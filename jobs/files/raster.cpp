#include "jobs/files/raster.h"

#include <fmt/core.h>

namespace xorch {

namespace {

// The best that any packing of these formats does: one bit per sample, deflated to a thousandth.
constexpr double samples_per_byte_max = 10'000;

}  // namespace

Result<void> check_raster_size(double samples, std::uintmax_t file_bytes) {
    if (samples < 1 || samples > raster_samples_max) {
        return fail(ErrorCode::invalid_input, fmt::format("an image of {} samples", samples));
    }
    if (samples <= samples_per_byte_max * static_cast<double>(file_bytes)) return {};
    return fail(
        ErrorCode::corrupted,
        fmt::format("an image of {} samples in a file of {} bytes", samples, file_bytes)
    );
}

}  // namespace xorch
