#include "core/record.h"

#include <fmt/format.h>

#include "core/json.h"
#include "core/plain_row.h"

namespace xorch {

namespace {

bool is_scalar(const Value& value) {
    return value.get_if<Array>() == nullptr && value.get_if<Object>() == nullptr;
}

Result<Object> parse_row(std::string_view line, std::size_t number) {
    if (line.size() > record_bytes_max) {
        return fail(
            ErrorCode::invalid_input, fmt::format("record line {} is larger than 1 MiB", number)
        );
    }
    if (auto plain = read_plain_row(line)) return *std::move(plain);
    auto parsed = parse_json(line);
    if (!parsed) return fail_with_context(parsed.error(), fmt::format("record line {}", number));
    auto* row = std::get_if<Object>(&parsed->data);
    if (row == nullptr) {
        return fail(
            ErrorCode::invalid_input, fmt::format("record line {} is no JSON object", number)
        );
    }
    for (const auto& [key, value] : *row) {
        if (!is_scalar(value)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "record line {}: column \"{}\" is of type {}, not a single value",
                    number,
                    key,
                    type_name(value)
                )
            );
        }
    }
    return std::move(*row);
}

}  // namespace

Result<std::vector<Object>> parse_rows(std::string_view json_lines) {
    std::vector<Object> rows;
    std::size_t number = 0;
    while (!json_lines.empty()) {
        const std::size_t end = json_lines.find('\n');
        const std::string_view line = json_lines.substr(0, end);
        json_lines.remove_prefix(end == std::string_view::npos ? json_lines.size() : end + 1);
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto row = parse_row(line, number);
        if (!row) return tl::unexpected(row.error());
        rows.push_back(std::move(*row));
    }
    return rows;
}

std::string format_rows(const std::vector<Object>& rows) {
    std::string text;
    for (const Object& row : rows) {
        text += format_json(row);
        text.push_back('\n');
    }
    return text;
}

}  // namespace xorch
