#pragma once

// The job that has no network: its declaration is as long as those of the others together.

#include "core/job.h"

namespace xorch {

JobDeclaration declare_beats_prepare();

}  // namespace xorch
