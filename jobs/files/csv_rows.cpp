#include "jobs/files/csv_rows.h"

#include <fmt/core.h>

#include <algorithm>

namespace xorch {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t cells_max = 100'000;  // of a row; more is no table but damage

// Without the line end.
bool take_line_end(std::string_view& text) {
    if (text.substr(0, 2) == "\r\n") {
        text.remove_prefix(2);
        return true;
    }
    if (text.empty() || (text[0] != '\n' && text[0] != '\r')) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

CsvRows::CsvRows(std::string_view text) : left_(text) {
    if (left_.substr(0, byte_order_mark.size()) == byte_order_mark) {
        left_.remove_prefix(byte_order_mark.size());
    }
}

Result<bool> CsvRows::next(std::vector<std::string>& cells) {
    while (take_line_end(left_)) {
        ++line_;
    }
    cells.clear();
    row_line_ = line_;
    if (left_.empty()) return false;
    auto taken = take_row(cells);
    if (!taken) return fail_with_context(taken.error(), fmt::format("line {}", line_));
    return true;
}

Result<void> CsvRows::take_row(std::vector<std::string>& cells) {
    while (true) {
        if (cells.size() == cells_max) {
            return fail(ErrorCode::invalid_input, fmt::format("more than {} cells", cells_max));
        }
        if (!left_.empty() && left_[0] == '"') {
            auto cell = take_quoted();
            if (!cell) return tl::unexpected(cell.error());
            cells.push_back(std::move(*cell));
        } else {
            const std::size_t end = std::min(left_.find_first_of(",\r\n"), left_.size());
            cells.emplace_back(left_.substr(0, end));
            left_.remove_prefix(end);
        }
        if (left_.empty()) return {};
        if (take_line_end(left_)) {
            ++line_;
            return {};
        }
        if (left_[0] != ',') {
            return fail(ErrorCode::invalid_input, "text behind a closing quotation mark");
        }
        left_.remove_prefix(1);
    }
}

Result<std::string> CsvRows::take_quoted() {
    left_.remove_prefix(1);
    std::string cell;
    while (true) {
        const std::size_t end = left_.find('"');
        if (end == std::string_view::npos) {
            return fail(ErrorCode::invalid_input, "a quotation mark that is never closed");
        }
        cell += left_.substr(0, end);
        line_ += static_cast<std::size_t>(
            std::count(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(end), '\n')
        );
        left_.remove_prefix(end + 1);
        if (left_.empty() || left_[0] != '"') return cell;
        cell += '"';
        left_.remove_prefix(1);
    }
}

}  // namespace xorch
