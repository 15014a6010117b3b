#include "worker/attempt/records/records_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/json.h"
#include "core/record.h"

namespace xorch {

namespace {

// A record file beyond this cannot be a record set that fits; do not read it into memory.
constexpr std::uint64_t record_file_bytes_max = 64ULL << 20U;

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

Result<std::string> read_bounded(Disk& disk, const std::string& path) {
    const auto size = disk.size(path);
    if (!size) return tl::unexpected(size.error());
    if (*size > record_file_bytes_max) return refuse("it is larger than 64 MiB");
    return disk.read(path);
}

struct CsvLine {
    std::vector<std::string> cells;
    std::size_t consumed = 0;
    std::size_t newlines = 0;
};

// One line with RFC 4180 quoting. A line end within quotes belongs to the cell.
Result<CsvLine> cut_line(std::string_view text, char separator) {
    CsvLine line;
    line.cells.emplace_back();
    bool quoted = false;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
        const char byte = text[i];
        if (byte == '\n') ++line.newlines;
        if (quoted) {
            if (byte != '"') {
                line.cells.back().push_back(byte);
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                line.cells.back().push_back('"');
                ++i;
            } else {
                quoted = false;
            }
        } else if (byte == '"' && line.cells.back().empty()) {
            quoted = true;
        } else if (byte == separator) {
            line.cells.emplace_back();
        } else if (byte == '\n') {
            break;
        } else {
            line.cells.back().push_back(byte);
        }
    }
    if (quoted) return refuse("a quote is not closed");
    if (!line.cells.back().empty() && line.cells.back().back() == '\r')
        line.cells.back().pop_back();
    line.consumed = std::min(i + 1, text.size());
    return line;
}

char separator_of(std::string_view header) {
    for (const char candidate : {'\t', ',', ';'}) {
        if (header.find(candidate) != std::string_view::npos) return candidate;
    }
    return ',';
}

Result<Object> row_of(const std::vector<std::string>& header, const CsvLine& line) {
    if (line.cells.size() != header.size()) {
        return refuse(
            fmt::format("{} cells, but the header has {}", line.cells.size(), header.size())
        );
    }
    Object row;
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (!line.cells[i].empty()) row.emplace_back(header[i], typed_cell(line.cells[i]));
    }
    return row;
}

Result<void> check_header(const std::vector<std::string>& header) {
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (header[i].empty()) return refuse(fmt::format("column {} has no name", i + 1));
        if (std::find(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i), header[i]) !=
            header.begin() + static_cast<std::ptrdiff_t>(i)) {
            return refuse(fmt::format("column \"{}\" is there twice", header[i]));
        }
    }
    return {};
}

// Programs spell a float with a point, or an exponent with a sign or after a single digit: "1e+46",
// "1e6". What is digits alone, too many for an integer, or digits around an "e" is an id or a hash
// in hexadecimal, and as a float it would be another one.
bool may_be_hash(std::string_view number) {
    if (number.find_first_not_of("0123456789eE") != std::string_view::npos) return false;
    return number.find_first_of("eE") != 1;
}

void flatten(const std::string& prefix, const Object& from, Object& row) {
    for (const auto& [name, value] : from) {
        if (const auto* nested = value.get_if<Object>()) {
            flatten(prefix + name + ".", *nested, row);
        } else if (value.get_if<Array>() != nullptr) {
            row.emplace_back(prefix + name, format_json(value));
        } else {
            row.emplace_back(prefix + name, value);
        }
    }
}

// Scripts that know nothing of xorch nest their results: a member of an object gets a name with
// dots, as parameters do, and an array is kept as its JSON text.
Value flat(const Value& value) {
    const auto* object = value.get_if<Object>();
    if (object == nullptr) return value;
    Object row;
    flatten("", *object, row);
    return Value(std::move(row));
}

}  // namespace

Result<std::string> find_record_file(
    Disk& disk, const std::string& name, const RecordFiles& files
) {
    if (name.starts_with('/')) return name;
    const std::string in_out = files.out + "/" + name;
    const std::string in_directory = files.directory + "/" + name;
    for (const std::string& path : {in_out, in_directory}) {
        const auto exists = disk.exists(path);
        if (exists && *exists) return path;
    }
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "the unit left no record file \"{}\" (looked for {} and {})", name, in_out, in_directory
        )
    );
}

Result<std::vector<Object>> read_rows(
    Disk& disk, const RecordsFrom& from, const RecordFiles& files
) {
    const std::string& name = !from.json.empty()  ? from.json
                              : !from.csv.empty() ? from.csv
                                                  : from.jsonl;
    std::string path = files.records;
    if (!name.empty()) {
        auto found = find_record_file(disk, name, files);
        if (!found) return tl::unexpected(found.error());
        path = std::move(*found);
    } else if (const auto exists = disk.exists(path); exists && !*exists) {
        return std::vector<Object>{};
    }
    const auto text = read_bounded(disk, path);
    if (!text) return fail_with_context(text.error(), "record file " + path);
    auto rows = !from.json.empty()  ? parse_json_rows(*text)
                : !from.csv.empty() ? parse_csv_rows(*text)
                : name.empty()      ? parse_rows(*text)
                                    : parse_jsonl_rows(*text);
    if (!rows) return fail_with_context(rows.error(), name.empty() ? "$XORCH_RECORDS" : path);
    return rows;
}

Result<std::vector<Object>> parse_csv_rows(std::string_view text) {
    std::vector<Object> rows;
    std::vector<std::string> header;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
    const char separator = separator_of(text.substr(0, text.find('\n')));
    std::size_t number = 1;
    while (!text.empty()) {
        const auto line = cut_line(text, separator);
        if (!line) return fail_with_context(line.error(), fmt::format("line {}", number));
        text.remove_prefix(line->consumed);
        const bool blank = line->cells.size() == 1 && line->cells.front().empty();
        if (header.empty() && !blank) {
            header = line->cells;
            if (auto checked = check_header(header); !checked) {
                return fail_with_context(checked.error(), fmt::format("line {}", number));
            }
        } else if (!blank && line->cells != header) {
            auto row = row_of(header, *line);
            if (!row) return fail_with_context(row.error(), fmt::format("line {}", number));
            rows.push_back(std::move(*row));
        }
        number += std::max<std::size_t>(line->newlines, 1);
    }
    return rows;
}

Result<std::vector<Object>> parse_json_rows(std::string_view text) {
    auto value = parse_json(text);
    if (!value) return tl::unexpected(value.error());
    std::string lines;
    if (const auto* items = value->get_if<Array>()) {
        for (const Value& item : *items)
            lines += format_json(flat(item)) + "\n";
    } else {
        lines = format_json(flat(*value)) + "\n";
    }
    return parse_rows(lines);
}

Result<std::vector<Object>> parse_jsonl_rows(std::string_view text) {
    std::string lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto value = parse_json(line);
        // What is wrong with a line is said with its number by parse_rows().
        lines += value ? format_json(flat(*value)) : std::string(line);
        lines += '\n';
    }
    return parse_rows(lines);
}

Value typed_cell(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return Value(std::string(text));
    std::string_view trimmed = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
    if (trimmed.starts_with('+') && !trimmed.starts_with("+-")) trimmed.remove_prefix(1);
    const char* end = trimmed.data() + trimmed.size();
    std::int64_t integer = 0;
    const auto as_integer = std::from_chars(trimmed.data(), end, integer);
    if (as_integer.ec == std::errc() && as_integer.ptr == end) return Value(integer);
    double number = 0;
    const auto as_number = std::from_chars(trimmed.data(), end, number);
    const bool is_number = as_number.ec == std::errc() && as_number.ptr == end;
    if (is_number && !may_be_hash(trimmed)) return Value(number);
    return Value(std::string(text));
}

bool has_source(const RecordsFrom& from) {
    return !from.stdout_pattern.empty() || !from.json.empty() || !from.jsonl.empty() ||
           !from.csv.empty();
}

std::string check_rows(const Records& records, const std::vector<Object>& rows) {
    if (rows.empty()) {
        if (!records.from.stdout_pattern.empty()) {
            return fmt::format(
                "no line of its output matched records.from.stdout = \"{}\"",
                records.from.stdout_pattern
            );
        }
        if (has_source(records.from)) return "its record file has no row";
        if (!records.required.empty()) {
            return fmt::format(
                "it exited with 0 but reported no record; required: {}",
                fmt::join(records.required, ", ")
            );
        }
    }
    for (const std::string& column : records.required) {
        if (find_member(rows.back(), column) != nullptr) continue;
        std::string there;
        for (const Member& cell : rows.back())
            there += " " + cell.first;
        return fmt::format("its last record has no column \"{}\"; it has:{}", column, there);
    }
    if (format_rows(rows).size() > rows_bytes_max) {
        return fmt::format("its {} records are larger than 6 MiB together", rows.size());
    }
    return "";
}

std::string note_not_finite(const std::vector<Object>& rows) {
    std::string columns;
    if (rows.empty()) return columns;
    for (const auto& [name, value] : rows.back()) {
        const auto* number = value.get_if<double>();
        if (number == nullptr || std::isfinite(*number)) continue;
        columns +=
            fmt::format("{}{} = {}", columns.empty() ? "" : ", ", name, format_double(*number));
    }
    return columns.empty() ? "" : "not finite in the last record: " + columns;
}

void make_paths_relative(std::vector<Object>& rows, const std::vector<std::string>& folders) {
    for (Object& row : rows) {
        for (Member& cell : row) {
            auto* text = std::get_if<std::string>(&cell.second.data);
            if (text == nullptr || !text->starts_with('/')) continue;
            for (const std::string& folder : folders) {
                if (folder.empty() || !text->starts_with(folder + "/")) continue;
                text->erase(0, folder.size() + 1);
                break;
            }
        }
    }
}

}  // namespace xorch
