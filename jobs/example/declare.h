#pragma once

// The declaration of the example job of docs/adding-a-job.md.

#include "core/job.h"

namespace xorch {

JobDeclaration declare_example_regression();

}  // namespace xorch
