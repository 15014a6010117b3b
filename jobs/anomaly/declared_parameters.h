#pragma once

// Parameters that several jobs of the family declare in the same words. Free of LibTorch.

#include <string>
#include <vector>

#include "core/job.h"

namespace xorch::anomaly {

ParameterDeclaration image_seed(std::string doc);
ParameterDeclaration class_images();
ParameterDeclaration pixel_resolution();

// Which class, and by how many normal images it is known.
std::vector<ParameterDeclaration> class_parameters();

}  // namespace xorch::anomaly
