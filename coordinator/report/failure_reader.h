#pragma once

// The details of failed units, read back from the journal: a status names only where they are.

#include <vector>

#include "coordinator/report/failures.h"
#include "coordinator/report/status.h"
#include "coordinator/report/sweep_reader.h"
#include "core/disk.h"
#include "core/layout.h"

namespace xorch {

// Of the units in `status.failed`. One whose fact cannot be read is left out: its unit and cause
// are in the status all the same.
std::vector<Failure> read_failures(
    Disk& disk, const SweepLayout& layout, const SweepStatus& status
);

std::vector<Failure> read_failures(const SweepReader& sweep, const SweepStatus& status);

}  // namespace xorch
