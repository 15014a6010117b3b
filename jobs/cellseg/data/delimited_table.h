#pragma once

// Small tables with a header: CSV of the user's, and this family's own with tabs.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch::cellseg {

struct DelimitedTable {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  // as many cells each as the header has
};

// Tabs if the header has one, else commas.
Result<DelimitedTable> parse_delimited(std::string_view text);

// Cells hold no separator, quote or line end.
std::string format_delimited(const DelimitedTable& table, char separator);

// The error names the file.
Result<DelimitedTable> read_delimited(const std::string& path);

// Where these columns are, in that order; the error names the one that is missing.
Result<std::vector<std::size_t>> find_columns(
    const DelimitedTable& table, std::initializer_list<std::string_view> names
);

}  // namespace xorch::cellseg
