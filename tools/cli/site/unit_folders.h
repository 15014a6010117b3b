#pragma once

// The folders of units that have checkpoints or artifacts, found on disk: units/ab/cd/<32 hex>.

#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/ids.h"
#include "core/layout.h"

namespace xorch {

// In the order of their ids. Names that are no unit's are passed over.
Result<std::vector<UnitId>> list_unit_folders(Disk& disk, const SweepLayout& layout);

}  // namespace xorch
