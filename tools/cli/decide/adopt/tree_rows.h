#pragma once

// The rows of one result file that something else than xorch wrote: CSV, TSV, JSON or JSON lines. A
// row that was cut off is told apart, with as much of it as can be read. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace xorch {

struct TreeRow {
    std::string place;  // "results.csv:17"
    Object cells;
    std::string torn = {};  // why it cannot be used; empty = it can
};

// `name` says by its ending what the text is; nothing of another ending is read.
std::vector<TreeRow> read_tree_rows(const std::string& name, std::string_view text);

// Whether the ending is one of those.
bool is_result_file(std::string_view name);

}  // namespace xorch
