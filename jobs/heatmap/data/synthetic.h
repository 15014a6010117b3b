#pragma once

// Made images in the published layout of DIOR, for trying out a sweep where no real ones are. In
// most classes an image-level description learns the ground rather than the thing: each has a
// ground of its own, and one thing of its own colour, which covers a tenth of it. In the others the
// ground is that of any class and the thing is large, so that the description is of the thing.

#include <cstdint>
#include <string>

#include "core/error.h"

namespace xorch::heatmap {

struct SyntheticOptions {
    std::uint64_t seed = 0;
    int object_classes = 3;  // of eight: those whose thing dominates
    int training_per_class = 20;
    int test_per_class = 6;
};

inline constexpr int synthetic_classes = 8;

// Images to train on, 16 to validate, images to test, of 224 x 224 pixels, the classes in turn. The
// directory exists. Equal options make equal files.
Result<void> make_scenes(const std::string& directory, const SyntheticOptions& options);

// With the usual options: `xorch data make scenes`.
Result<void> make_scenes(const std::string& directory, std::uint64_t seed);

}  // namespace xorch::heatmap
