#pragma once

// What Slurm and the file system say about a sweep, for those who look at it.

#include <optional>

#include "coordinator/report/status.h"
#include "coordinator/report/status_text.h"
#include "core/disk.h"
#include "core/layout.h"
#include "core/time.h"
#include "slurm/queue_file.h"

namespace xorch {

// What Slurm says changes that slowly; while it does not answer, it is not asked more often.
inline constexpr Millis slurm_looked_at_every{60'000};

// The last answer if it is not older than a coordinator's, else by asking. A sweep over which
// nobody reigns and for which no job is left becomes stranded. Nothing for a sweep that is not on
// Slurm, is complete or stopped, or whose Slurm does not answer.
std::optional<QueueAnswer> look_at_slurm(
    Disk& disk, const SweepLayout& layout, SweepStatus& status, Millis now_unix
);

// A line per job that is left, safe to show.
std::vector<std::string> job_lines(const QueueAnswer& answer, Millis now_unix);

// "Slurm's jobs, as of 12 s ago"
std::string jobs_title(const QueueAnswer& answer, Millis now_unix);

// The answer as a part of what --json prints; null if there is none.
Value as_json(const std::optional<QueueAnswer>& answer);

// On the file system of the path; nothing = unknown.
std::optional<Bytes> free_space(const std::string& path);

// What --json prints of a sweep: its status, what Slurm says, whether its disk is full.
Object look_object(
    const SweepStatus& status, const std::optional<QueueAnswer>& answer, const SweepLayout& layout
);

}  // namespace xorch
