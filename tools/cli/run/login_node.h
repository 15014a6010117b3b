#pragma once

// Guards the login nodes of clusters: nobody should train there by accident.

#include "core/error.h"

namespace xorch {

// usage, naming --here, if a Slurm controller answers and this process is not inside an allocation.
// Asks the controller at most 2 s; a machine without Slurm costs one look along PATH.
Result<void> refuse_login_node();

}  // namespace xorch
