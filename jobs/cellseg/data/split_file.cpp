#include "jobs/cellseg/data/split_file.h"

#include <fmt/core.h>

namespace xorch::cellseg {

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string unquoted(std::string_view text) {
    text = trimmed(text);
    const bool quoted =
        text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

void add_inline_list(std::string_view list, std::vector<std::string>& names) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (auto name = unquoted(list.substr(0, comma)); !name.empty()) names.push_back(name);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
}

// False if the line is neither a split nor a name.
bool add_line(std::string_view line, Splits& splits) {
    if (line[0] == '-') {
        if (splits.empty()) return false;
        splits.back().second.push_back(unquoted(line.substr(1)));
        return !splits.back().second.back().empty();
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    splits.push_back({unquoted(line.substr(0, colon)), {}});
    const std::string_view rest = trimmed(line.substr(colon + 1));
    if (rest.empty()) return true;
    if (rest.size() < 2 || rest[0] != '[' || rest.back() != ']') return false;
    add_inline_list(rest.substr(1, rest.size() - 2), splits.back().second);
    return true;
}

}  // namespace

Result<Splits> parse_splits(std::string_view text) {
    Splits splits;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) continue;
        if (!add_line(line, splits)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("line {}: neither \"split:\" nor \"- name\": {}", number, line)
            );
        }
    }
    return splits;
}

}  // namespace xorch::cellseg
