#pragma once

// Small made images.

#include <string>

#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {

inline constexpr int images_per_group = 3;  // to train on

// In the prepared layout; one more image per group to validate and one to test.
void make_few_images(const std::string& folder);

}  // namespace xorch::cellseg
