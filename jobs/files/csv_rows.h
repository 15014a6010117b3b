#pragma once

// Rows of a CSV file (RFC 4180): commas, quotes, line ends of any system, a byte order mark at the
// front. One row at a time, so that a long file takes no more memory than its text. The text must
// outlive the object.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

class CsvRows {
 public:
    explicit CsvRows(std::string_view text);

    // The next row that is not empty, into `cells`; false at the end. Messages name the line.
    Result<bool> next(std::vector<std::string>& cells);

    // Of the last row: where it began, from 1.
    std::size_t line() const { return row_line_; }

 private:
    Result<void> take_row(std::vector<std::string>& cells);
    Result<std::string> take_quoted();

    std::string_view left_;
    std::size_t line_ = 1;
    std::size_t row_line_ = 1;
};

}  // namespace xorch
