#pragma once

// Where rows of a table go: one body per output format. Cells are typed until here, so that JSON
// keeps numbers, and NaN, infinities and missing stay three different things in every format.

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "coordinator/report/tables/record_table.h"
#include "core/error.h"

namespace xorch {

class RecordSink {
 public:
    virtual ~RecordSink() = default;

    // Before any row, once.
    virtual Result<void> begin(const std::vector<Column>& columns) = 0;
    virtual Result<void> add(const std::vector<Value>& cells) = 0;

    // After the last row, once.
    virtual Result<void> end() = 0;
};

enum class RecordFormat {
    tsv,    // escaped as in text.h; missing = empty
    csv,    // quoted as in RFC 4180, lines end in a newline; missing = empty
    jsonl,  // one object per line; a missing cell is an absent member
    json,   // an array of such objects
    md,     // a Markdown table
    text,   // aligned columns for a terminal, control bytes shown
};

std::optional<RecordFormat> parse_record_format(std::string_view name);

using ByteSink = std::function<Result<void>(std::string_view bytes)>;

// Calls `out` with pieces of some 64 KiB.
std::unique_ptr<RecordSink> make_record_sink(RecordFormat format, ByteSink out);

}  // namespace xorch
