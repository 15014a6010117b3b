#pragma once

// The files that a sweep leaves for people: records_<stage>_<stamp>.tsv, summary_<stamp>.json, and
// records.tsv and summary.json, which are always the newest. All of them are derived from the
// journal and can be made again. Reads files only: the coordinator may run this in another process
// so that a large table does not stop its loop.

#include <string>
#include <vector>

#include "coordinator/report/sweep_reader.h"
#include "coordinator/report/tables/summary.h"
#include "core/error.h"

namespace xorch {

struct WrittenTables {
    SummaryTable summary;
    std::vector<std::string> files;  // absolute paths, the stamped ones
};

// Writes records.tsv and summary.json of the summary's stage, each whole or not at all.
Result<void> write_newest_tables(const SweepReader& sweep);

// Writes the stamped files of every stage with a final unit, and the newest ones. A stamped file is
// never overwritten: a name that is taken gets "-2".
Result<WrittenTables> write_stamped_tables(const SweepReader& sweep, const std::string& stamp);

// "20261121_090507", in UTC.
std::string format_stamp(Millis unix);

}  // namespace xorch
