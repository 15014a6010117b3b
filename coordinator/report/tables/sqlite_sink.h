#pragma once

// A table of records as an SQLite database, for queries. Not the truth: it is written once, whole.
// In a library of its own, so that only programs that write databases link SQLite.

#include <memory>
#include <string>

#include "coordinator/report/tables/record_sink.h"
#include "core/error.h"

namespace xorch {

// Creates the database, or adds the table to one that is there; an error if it has that table. NaN
// is stored as the text "nan", because SQLite would make it NULL, which means missing; infinities
// are numbers there.
Result<std::unique_ptr<RecordSink>> make_sqlite_sink(
    const std::string& path, const std::string& table
);

}  // namespace xorch
