#include "tools/cli/decide/adopt/tree_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "worker/attempt/records/records_read.h"

namespace xorch {

namespace {

// Whole arrays of scores stand in some result files; no table has such a cell.
constexpr std::size_t cell_bytes_max = 4096;

std::string_view cut_first_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

void drop_long_cells(Object& cells) {
    std::erase_if(cells, [](const Member& member) {
        const auto* text = member.second.get_if<std::string>();
        return text != nullptr && text->size() > cell_bytes_max;
    });
}

// What is there of a line that was cut off: its cells but the last, which may be half a number.
Object cells_before_the_cut(std::string_view header, std::string_view line) {
    const char separator = header.find('\t') != std::string_view::npos  ? '\t'
                           : header.find(';') != std::string_view::npos ? ';'
                                                                        : ',';
    Object cells;
    while (!header.empty() && line.find(separator) != std::string_view::npos) {
        const std::size_t name_end = std::min(header.find(separator), header.size());
        const std::size_t cell_end = line.find(separator);
        const std::string name(header.substr(0, name_end));
        if (find_member(cells, name) != nullptr) return cells;
        cells.emplace_back(name, typed_cell(line.substr(0, cell_end)));
        header.remove_prefix(std::min(name_end + 1, header.size()));
        line.remove_prefix(cell_end + 1);
    }
    return cells;
}

// Each line for itself, so that one that was cut off costs no other.
std::vector<TreeRow> read_csv(const std::string& name, std::string_view text) {
    std::vector<TreeRow> rows;
    const std::string header(cut_first_line(text));
    for (std::size_t number = 2; !text.empty(); ++number) {
        const std::string_view line = cut_first_line(text);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        TreeRow row{.place = fmt::format("{}:{}", name, number), .cells = {}};
        auto parsed = parse_csv_rows(fmt::format("{}\n{}\n", header, line));
        if (parsed && parsed->empty()) continue;  // the header again
        if (parsed) {
            row.cells = std::move(parsed->front());
        } else {
            row.cells = cells_before_the_cut(header, line);
            row.torn = parsed.error().message;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<TreeRow> read_json_lines(const std::string& name, std::string_view text) {
    std::vector<TreeRow> rows;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = cut_first_line(text);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        TreeRow row{.place = fmt::format("{}:{}", name, number), .cells = {}};
        auto parsed = parse_json_rows(line);
        if (parsed && parsed->size() == 1) {
            row.cells = std::move(parsed->front());
        } else {
            row.torn = parsed ? "it is no object" : parsed.error().message;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<TreeRow> read_json(const std::string& name, std::string_view text) {
    auto parsed = parse_json_rows(text);
    if (!parsed) {
        return {
            {.place = name, .cells = {}, .torn = parsed.error().message}
        };
    }
    std::vector<TreeRow> rows;
    for (Object& cells : *parsed) {
        const bool only = parsed->size() == 1;
        rows.push_back(
            {.place = only ? name : fmt::format("{}[{}]", name, rows.size()),
             .cells = std::move(cells)}
        );
    }
    return rows;
}

}  // namespace

bool is_result_file(std::string_view name) {
    for (const char* ending : {".csv", ".tsv", ".json", ".jsonl"}) {
        if (name.ends_with(ending)) return true;
    }
    return false;
}

std::vector<TreeRow> read_tree_rows(const std::string& name, std::string_view text) {
    std::vector<TreeRow> rows;
    if (name.ends_with(".jsonl")) {
        rows = read_json_lines(name, text);
    } else if (name.ends_with(".json")) {
        rows = read_json(name, text);
    } else if (is_result_file(name)) {
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
        rows = read_csv(name, text);
    }
    for (TreeRow& row : rows)
        drop_long_cells(row.cells);
    return rows;
}

}  // namespace xorch
