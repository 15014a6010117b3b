#pragma once

// The rows that are sealed with a checkpoint, so that whoever resumes from it goes on with them
// (records_merge.h). Runs on the runner's checkpoint thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/sweep.h"
#include "worker/attempt/records/records_read.h"

namespace xorch {

// A row from stdout and when it was read.
struct PrintedRow {
    Object row;
    std::int64_t at_unix_ms = 0;
};

// Where the rows of a running attempt are.
struct AttemptRows {
    RecordsFrom source;
    RecordFiles files;
    std::string earlier;              // of the checkpoint that it resumed from
    std::vector<PrintedRow> printed;  // so far, if they come from stdout
    Millis started_unix{0};           // a file that was changed before is not its own
};

// All rows that it has reported so far, those of the checkpoint that it resumed from included. The
// attempt may be writing: what is not whole yet is left out, and so is a file that an earlier run
// left in the working directory.
Result<std::vector<Object>> rows_so_far(Disk& disk, const AttemptRows& attempt);

// What is known of the moment at which the checkpoint was complete.
struct CheckpointMoment {
    std::optional<std::uint64_t> records_bytes;  // of $XORCH_RECORDS, if the unit says so
    std::int64_t changed_ns = 0;                 // unix time
};

// The text of checkpoint_rows_name.
Result<std::string> checkpoint_rows(
    Disk& disk, const AttemptRows& attempt, const CheckpointMoment& moment
);

}  // namespace xorch
