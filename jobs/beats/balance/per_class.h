#pragma once

// One number per class, in the order of class_names.

#include <array>
#include <cstdint>
#include <span>

#include "jobs/beats/beat_set.h"

namespace xorch::beats {

using PerClass = std::array<double, class_count>;
using ClassCounts = std::array<std::int64_t, class_count>;

ClassCounts count_classes(std::span<const std::uint8_t> classes);

// What part of all beats each class is; zeros without beats.
PerClass shares_of(const ClassCounts& counts);

// Divided by their sum, which is positive.
PerClass normalised(const PerClass& values);

// Element by element.
PerClass product(const PerClass& left, const PerClass& right);

}  // namespace xorch::beats
