#include "jobs/cellseg/data/delimited_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/io/posix_disk.h"
#include "jobs/files/csv_rows.h"

namespace xorch::cellseg {

namespace {

std::vector<std::string> split_at_tabs(std::string_view line) {
    std::vector<std::string> cells;
    for (;;) {
        const std::size_t tab = line.find('\t');
        cells.emplace_back(line.substr(0, tab));
        if (tab == std::string_view::npos) return cells;
        line.remove_prefix(tab + 1);
    }
}

// Tables of this family's own: a row per line, no quotes.
std::vector<std::vector<std::string>> rows_of_tsv(std::string_view text) {
    std::vector<std::vector<std::string>> rows;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (end > 0) rows.push_back(split_at_tabs(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return rows;
}

Result<std::vector<std::vector<std::string>>> rows_of_csv(std::string_view text) {
    CsvRows reader(text);
    std::vector<std::vector<std::string>> rows;
    for (std::vector<std::string> cells;;) {
        const auto more = reader.next(cells);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return rows;
        rows.push_back(cells);
    }
}

}  // namespace

Result<DelimitedTable> parse_delimited(std::string_view text) {
    const bool tabs = text.substr(0, text.find('\n')).find('\t') != std::string_view::npos;
    auto rows = tabs ? rows_of_tsv(text) : rows_of_csv(text);
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return fail(ErrorCode::invalid_input, "a table without a header");
    DelimitedTable table{.header = std::move(rows->front()), .rows = {}};
    for (std::size_t number = 1; number < rows->size(); ++number) {
        if ((*rows)[number].size() != table.header.size()) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "row {} has {} cells, but the header has {}",
                    number,
                    (*rows)[number].size(),
                    table.header.size()
                )
            );
        }
        table.rows.push_back(std::move((*rows)[number]));
    }
    return table;
}

std::string format_delimited(const DelimitedTable& table, char separator) {
    std::string text;
    const auto add_line = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) text += separator;
            text += cells[i];
        }
        text += '\n';
    };
    add_line(table.header);
    for (const std::vector<std::string>& row : table.rows) {
        add_line(row);
    }
    return text;
}

Result<DelimitedTable> read_delimited(const std::string& path) {
    PosixDisk disk;
    const auto text = disk.read(path);
    if (!text) return tl::unexpected(text.error());
    auto table = parse_delimited(*text);
    if (!table) return fail_with_context(table.error(), path);
    return table;
}

Result<std::vector<std::size_t>> find_columns(
    const DelimitedTable& table, std::initializer_list<std::string_view> names
) {
    std::vector<std::size_t> columns;
    for (const std::string_view name : names) {
        const auto found = std::find(table.header.begin(), table.header.end(), name);
        if (found == table.header.end()) {
            return fail(ErrorCode::invalid_input, fmt::format("there is no column \"{}\"", name));
        }
        columns.push_back(static_cast<std::size_t>(found - table.header.begin()));
    }
    return columns;
}

}  // namespace xorch::cellseg
