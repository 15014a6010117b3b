#pragma once

// Small made images, and runs of units as inputs of others.

#include <string>
#include <vector>

#include "tests/jobs/unit_harness.h"
#include "tests/support/temporary_directory.h"

namespace xorch::cellseg {

inline constexpr int images_per_group = 3;  // to train on

// In the prepared layout; one more image per group to validate and one to test.
void make_few_images(const std::string& folder);

// XORCH_INPUTS of a unit, from what others were given and left.
class Inputs {
 public:
    Inputs& add(const std::string& stage, const Object& params, const UnitRun& run);
    Inputs& add_folder(const std::string& stage, const std::string& folder);

    std::string json() const;

 private:
    Array items_;
};

}  // namespace xorch::cellseg
