#pragma once

// From what a unit left behind to its record rows: JSON lines, JSON or CSV files, and the checks
// that make them a complete record set. Errors name file and line. Runs on the runner's file
// thread.

#include <string>
#include <string_view>
#include <vector>

#include "core/disk.h"
#include "core/error.h"
#include "core/sweep.h"
#include "core/value.h"

namespace xorch {

// All rows of one attempt must fit one frame with room for the rest of the report.
inline constexpr std::size_t rows_bytes_max = 6U << 20U;

struct RecordFiles {
    std::string records;    // $XORCH_RECORDS
    std::string out;        // relative paths are looked for here first,
    std::string directory;  // then here
};

// The file that `records.from` names, wherever it is; not_found names both places.
Result<std::string> find_record_file(Disk& disk, const std::string& name, const RecordFiles& files);

// Rows of the source that `from` names; those of $XORCH_RECORDS if it names none. Rows from stdout
// are not read here (StdoutRows). A missing $XORCH_RECORDS is no rows.
Result<std::vector<Object>> read_rows(
    Disk& disk, const RecordsFrom& from, const RecordFiles& files
);

// Header line, then one row per line; comma, tab or semicolon, whichever the header has. An empty
// cell is missing. A header repeated by a script that appends to its file is skipped.
Result<std::vector<Object>> parse_csv_rows(std::string_view text);

// An object, or an array of objects. What is nested gets a name with dots; arrays become text.
Result<std::vector<Object>> parse_json_rows(std::string_view text);

// An object per line, nested as above.
Result<std::vector<Object>> parse_jsonl_rows(std::string_view text);

// A cell as text becomes an integer, a float (nan and inf too) or stays text: also what only looks
// like a float, such as the hash "12e45".
Value typed_cell(std::string_view text);

bool has_source(const RecordsFrom& from);

// Empty if the rows are a complete record set of this stage, else what is wrong.
std::string check_rows(const Records& records, const std::vector<Object>& rows);

// Names the columns that are NaN or infinite in the last row; empty if none is.
std::string note_not_finite(const std::vector<Object>& rows);

// Text cells that are paths below one of the folders become relative to it, so that equal units
// have equal records wherever they ran.
void make_paths_relative(std::vector<Object>& rows, const std::vector<std::string>& folders);

}  // namespace xorch
