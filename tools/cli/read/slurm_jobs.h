#pragma once

// What Slurm says about a sweep's jobs, for people.

#include "coordinator/report/status.h"
#include "coordinator/report/status_text.h"
#include "core/disk.h"
#include "core/layout.h"
#include "core/time.h"

namespace xorch {

// Adds the jobs to the page, from the last answer if it is younger than a minute, else by asking.
// A sweep over which nobody reigns and for which no job is left becomes stranded. Does nothing for
// a sweep that is not on Slurm, is complete, or whose Slurm does not answer.
void look_at_slurm(Disk& disk, const SweepLayout& layout, SweepStatus& status, StatusPage& page);

}  // namespace xorch
