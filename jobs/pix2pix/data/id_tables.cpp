#include "jobs/pix2pix/data/id_tables.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>

#include "jobs/files/csv_rows.h"
#include "jobs/pix2pix/data/text_encoding.h"

namespace xorch::pix2pix {

namespace {

using Cells = std::vector<std::string>;

constexpr std::size_t id_digits_max = 18;

bool is_id(const std::string& text) {
    return !text.empty() && text.size() <= id_digits_max &&
           text.find_first_not_of("0123456789") == std::string::npos;
}

Result<void> take_row(const Cells& cells, const std::function<Result<void>(const Cells&)>& take) {
    if (!is_id(cells[0])) {
        return fail(
            ErrorCode::invalid_input, fmt::format("\"{}\" is no id", cells[0].substr(0, 40))
        );
    }
    return take(cells);
}

// Hands over every row but a header.
Result<void> for_each_row(
    std::string_view bytes, const std::function<Result<void>(const Cells&)>& take
) {
    const auto text = to_utf8(bytes);
    if (!text) return tl::unexpected(text.error());
    CsvRows rows(*text);
    Cells cells;
    for (bool first = true;; first = false) {
        const auto more = rows.next(cells);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return {};
        if (first && !is_id(cells[0])) continue;
        if (auto taken = take_row(cells, take); !taken) {
            return fail_with_context(taken.error(), fmt::format("line {}", rows.line()));
        }
    }
}

Result<void> check_cells(const Cells& cells, std::size_t expected) {
    if (cells.size() == expected) return {};
    return fail(
        ErrorCode::invalid_input, fmt::format("{} cells instead of {}", cells.size(), expected)
    );
}

tl::unexpected<Error> twice(const std::string& id) {
    return fail(ErrorCode::invalid_input, fmt::format("id {} a second time", id));
}

// What lies elsewhere would not be part of the data's identity.
Result<void> check_path(const std::string& text) {
    const std::filesystem::path path(text);
    const bool leaves = std::find(path.begin(), path.end(), "..") != path.end();
    if (!text.empty() && path.is_relative() && !leaves) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format("\"{}\" is no path within the folder", text.substr(0, 80))
    );
}

Result<double> parse_coordinate(const std::string& text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, problem] = std::from_chars(text.data(), end, value);
    if (problem == std::errc{} && stopped == end && std::isfinite(value)) return value;
    return fail(
        ErrorCode::invalid_input, fmt::format("\"{}\" is no coordinate", text.substr(0, 40))
    );
}

}  // namespace

bool id_less(const std::string& left, const std::string& right) {
    const bool left_number = is_id(left);
    if (left_number != is_id(right)) return left_number;
    if (!left_number) return left < right;
    const auto number = [](const std::string& text) {
        std::int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    return std::pair(number(left), left) < std::pair(number(right), right);
}

Result<std::vector<std::string>> parse_ids(std::string_view bytes) {
    std::vector<std::string> ids;
    auto read = for_each_row(bytes, [&](const Cells& cells) -> Result<void> {
        ids.push_back(cells[0]);
        return {};
    });
    if (!read) return tl::unexpected(read.error());
    std::sort(ids.begin(), ids.end(), id_less);
    const auto same = std::adjacent_find(ids.begin(), ids.end());
    if (same != ids.end()) return twice(*same);
    return ids;
}

Result<std::vector<PairRow>> parse_pair_rows(std::string_view bytes) {
    std::vector<PairRow> pairs;
    auto read = for_each_row(bytes, [&](const Cells& cells) -> Result<void> {
        if (auto ok = check_cells(cells, 3); !ok) return ok;
        for (const std::size_t path : {1U, 2U}) {
            if (auto ok = check_path(cells[path]); !ok) return ok;
        }
        pairs.push_back({.id = cells[0], .input = cells[1], .target = cells[2]});
        return {};
    });
    if (!read) return tl::unexpected(read.error());
    std::sort(pairs.begin(), pairs.end(), [](const PairRow& left, const PairRow& right) {
        return id_less(left.id, right.id);
    });
    const auto same = std::adjacent_find(
        pairs.begin(),
        pairs.end(),
        [](const PairRow& left, const PairRow& right) { return left.id == right.id; }
    );
    if (same != pairs.end()) return twice(same->id);
    return pairs;
}

Result<LandmarkTable> parse_landmarks(std::string_view bytes) {
    LandmarkTable table;
    auto read = for_each_row(bytes, [&](const Cells& cells) -> Result<void> {
        if (auto ok = check_cells(cells, 1 + 2 * landmark_count); !ok) return ok;
        Landmarks landmarks{};
        for (std::size_t i = 0; i < landmark_count; ++i) {
            const auto x = parse_coordinate(cells[2 * i + 1]);
            const auto y = parse_coordinate(cells[2 * i + 2]);
            if (!x) return tl::unexpected(x.error());
            if (!y) return tl::unexpected(y.error());
            landmarks[i] = {.x = *x, .y = *y};
        }
        if (!table.emplace(cells[0], landmarks).second) return twice(cells[0]);
        return {};
    });
    if (!read) return tl::unexpected(read.error());
    return table;
}

std::string format_landmarks(const LandmarkTable& table) {
    std::vector<std::string> ids;
    std::string text = "id";
    for (const char* name : landmark_names) {
        text += fmt::format(",{0}_x,{0}_y", name);
    }
    text += '\n';
    for (const auto& [id, landmarks] : table) {
        ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end(), id_less);
    for (const std::string& id : ids) {
        text += id;
        for (const auto& [x, y] : table.at(id)) {
            text += fmt::format(",{},{}", x, y);
        }
        text += '\n';
    }
    return text;
}

}  // namespace xorch::pix2pix
