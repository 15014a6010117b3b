#pragma once

// Text for people and for tables. Names, parameters and output are data that somebody else wrote:
// nothing of it may move a cursor, change a colour, reverse a line or break a row. Pure functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace xorch {

enum class Newlines { escape, keep };

// Safe to show: control bytes, invisible and direction-changing characters and bytes that are not
// UTF-8 become visible escapes such as \x1b and \u202e. With Newlines::keep, newlines and tabs
// stay.
std::string escape_for_terminal(std::string_view text, Newlines newlines = Newlines::escape);

// One word of a command to copy into a shell: as it is where that is safe, else in quotes.
std::string quote_for_shell(std::string_view text);

// One cell of a TSV file: backslash, tab, newline and other control bytes become \\ \t \n \x1b, so
// that a row is a line and a cell is a field. Bytes that are not UTF-8 become \xff.
std::string escape_tsv(std::string_view text);

// Columns that a terminal gives to the text; one per code point.
std::size_t display_width(std::string_view text);

// At most `width` columns; a text that was cut ends in "...".
std::string shorten(std::string_view text, std::size_t width);

// "850 ms", "12.3 s", "4 min 05 s", "3 h 20 min", "2 d 4 h".
std::string spell_duration(Millis duration);

// "2026-11-21T09:05:07Z"; empty for 0, which means unknown.
std::string format_utc(Millis unix);

// "1,000,000"
std::string format_count(std::uint64_t number);

// "1 unit", "2 units"
std::string count_of(std::uint64_t number, std::string_view noun);

enum class Align { left, right };

// Rows of cells, padded so that columns line up; cells are shown as they are, so escape them first.
class TextTable {
 public:
    explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

    // One cell per column.
    void add(std::vector<std::string> row);

    // One line per row, each indented by `indent` spaces and without blanks at its end.
    std::vector<std::string> lines(std::size_t indent = 0) const;

 private:
    std::vector<Align> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace xorch
