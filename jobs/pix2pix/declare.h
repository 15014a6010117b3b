#pragma once

// The jobs of this family: photos of profiles to X-rays of skulls by pix2pix, in phases that are
// selected and compared.

#include <vector>

#include "core/job.h"

namespace xorch {

std::vector<JobDeclaration> declare_pix2pix();

}  // namespace xorch
