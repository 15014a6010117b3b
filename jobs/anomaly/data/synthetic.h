#pragma once

// Made images under the names of the 27 public classes and in their layouts, for trying out a sweep
// where those are not at hand; and further ones for an encoder to learn from, of classes that
// nobody is tested on.

#include <cstdint>
#include <string>

#include "core/error.h"
#include "jobs/anomaly/data/painting.h"

namespace xorch::anomaly {

// FOLDER/mvtec with PNG files as in MVTec AD, FOLDER/visa with JPEG files as in VisA 1cls: per
// class four normal images to train on, ten normal and ten abnormal ones to test on.
Result<void> make_anomalies(const std::string& directory, std::uint64_t seed);

// Twelve classes of parts. Every other image is abnormal.
inline constexpr int auxiliary_classes = 12;
Painting paint_auxiliary(std::uint64_t seed, std::int64_t number);

}  // namespace xorch::anomaly
