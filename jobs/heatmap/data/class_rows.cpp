#include "jobs/heatmap/data/class_rows.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "jobs/files/csv_rows.h"
#include "jobs/files/file_bytes.h"

namespace xorch::heatmap {

namespace {

std::optional<double> number_of(std::string_view cell) {
    while (!cell.empty() && cell.front() == ' ')
        cell.remove_prefix(1);
    while (!cell.empty() && cell.back() == ' ')
        cell.remove_suffix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
    const bool is_number =
        error == std::errc() && end == cell.data() + cell.size() && std::isfinite(number);
    return is_number ? std::optional(number) : std::nullopt;
}

Result<void> add_row(const std::vector<std::string>& cells, ClassRows& rows) {
    const auto number = match_class(cells[0]);
    if (!number) return fail(ErrorCode::invalid_input, "\"" + cells[0] + "\" is no class of DIOR");
    std::vector<double> values;
    for (std::size_t i = 1; i < cells.size(); ++i) {
        const auto value = number_of(cells[i]);
        if (!value) return fail(ErrorCode::invalid_input, "\"" + cells[i] + "\" is no number");
        values.push_back(*value);
    }
    const std::size_t before = rows.empty() ? values.size() : rows.begin()->second.size();
    if (values.empty() || values.size() != before) {
        return fail(
            ErrorCode::invalid_input, fmt::format("{} numbers after {}", values.size(), before)
        );
    }
    if (rows.try_emplace(*number, std::move(values)).second) return {};
    return fail(ErrorCode::invalid_input, cells[0] + " is there twice");
}

bool is_heading(const std::vector<std::string>& cells) {
    return cells.size() > 1 && !number_of(cells[1]) && !match_class(cells[0]);
}

}  // namespace

Result<ClassRows> parse_class_rows(std::string_view text) {
    CsvRows table(text);
    ClassRows rows;
    std::vector<std::string> cells;
    for (bool is_first = true;; is_first = false) {
        const auto more = table.next(cells);
        if (!more) return tl::unexpected(more.error());
        if (!*more) break;
        if (is_first && is_heading(cells)) continue;
        if (auto added = add_row(cells, rows); !added) {
            return fail_with_context(added.error(), fmt::format("line {}", table.line()));
        }
    }
    if (rows.empty()) return fail(ErrorCode::invalid_input, "a table without a class");
    return rows;
}

Result<ClassRows> read_class_rows(const std::string& path) {
    const auto text = read_bytes(path);
    if (!text) return fail_with_context(text.error(), path);
    auto rows = parse_class_rows(*text);
    if (!rows) return fail_with_context(rows.error(), path);
    return rows;
}

}  // namespace xorch::heatmap
