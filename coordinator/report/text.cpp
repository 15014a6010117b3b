#include "coordinator/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "core/error.h"

namespace xorch {

namespace {

// One character of UTF-8 text, or one byte that belongs to none.
struct Character {
    std::size_t bytes = 1;
    std::uint32_t code = 0;
    bool valid = false;
};

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Overlong forms, surrogates and codes past U+10FFFF are not UTF-8.
bool is_allowed(std::uint32_t code, std::size_t bytes) {
    if (bytes == 2) return code >= 0x80;
    if (bytes == 3) return code >= 0x800 && (code < 0xD800 || code > 0xDFFF);
    return code >= 0x10000 && code <= 0x10FFFF;
}

Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {.bytes = 1, .code = lead, .valid = true};
    std::size_t bytes = 0;
    if ((lead & 0xE0U) == 0xC0U) bytes = 2;
    if ((lead & 0xF0U) == 0xE0U) bytes = 3;
    if ((lead & 0xF8U) == 0xF0U) bytes = 4;
    if (bytes == 0 || text.size() < bytes) return {.bytes = 1, .code = lead, .valid = false};
    std::uint32_t code = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if (!is_continuation(text[i])) return {.bytes = 1, .code = lead, .valid = false};
        code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    if (!is_allowed(code, bytes)) return {.bytes = 1, .code = lead, .valid = false};
    return {.bytes = bytes, .code = code, .valid = true};
}

// Characters that show nothing themselves and change how others are shown: C1 controls, zero-width
// and direction marks, line separators, and the tag block.
bool is_treacherous(std::uint32_t code) {
    return (code >= 0x80 && code <= 0x9F) || code == 0xAD || code == 0x061C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xE0000 && code <= 0xE007F);
}

bool is_control(std::uint32_t code) {
    return code < 0x20 || code == 0x7F;
}

std::string escape_control(std::uint32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\t') return "\\t";
    if (code == '\r') return "\\r";
    return fmt::format("\\x{:02x}", code);
}

}  // namespace

std::string escape_for_terminal(std::string_view text, Newlines newlines) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const Character next = first_character(text);
        const bool kept = newlines == Newlines::keep && (next.code == '\n' || next.code == '\t');
        if (!next.valid) {
            shown += fmt::format("\\x{:02x}", next.code);
        } else if (is_control(next.code) && !kept) {
            shown += escape_control(next.code);
        } else if (is_treacherous(next.code)) {
            shown += fmt::format("\\u{:04x}", next.code);
        } else {
            shown += text.substr(0, next.bytes);
        }
        text.remove_prefix(next.bytes);
    }
    return shown;
}

std::string quote_for_shell(std::string_view text) {
    const auto is_plain = [](char byte) {
        return std::isalnum(static_cast<unsigned char>(byte)) != 0 ||
               std::string_view("_./:@%+,=-").find(byte) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
    const bool can_be_shown = escape_for_terminal(text) == text;
    std::string quoted = can_be_shown ? "'" : "$'";
    for (const char byte : text) {
        if (can_be_shown && byte == '\'') {
            quoted += "'\\''";
        } else if (can_be_shown || is_plain(byte)) {
            quoted += byte;
        } else {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        }
    }
    return quoted + "'";
}

std::string escape_tsv(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char byte) {
        return byte >= 0x20 && byte < 0x7F && byte != '\\';
    });
    if (plain) return std::string(text);
    std::string cell;
    cell.reserve(text.size() + 8);
    while (!text.empty()) {
        const Character next = first_character(text);
        if (!next.valid) {
            cell += fmt::format("\\x{:02x}", next.code);
        } else if (next.code == '\\') {
            cell += "\\\\";
        } else if (is_control(next.code)) {
            cell += escape_control(next.code);
        } else {
            cell += text.substr(0, next.bytes);
        }
        text.remove_prefix(next.bytes);
    }
    return cell;
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return !is_continuation(byte);
    }));
}

std::string shorten(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) return std::string(text);
    const std::size_t kept = width < 3 ? 0 : width - 3;
    std::size_t bytes = 0;
    for (std::size_t columns = 0; columns < kept; ++columns) {
        bytes += first_character(text.substr(bytes)).bytes;
    }
    return std::string(text.substr(0, bytes)) + std::string(std::min<std::size_t>(width, 3), '.');
}

std::string spell_duration(Millis duration) {
    const std::int64_t ms = std::max<std::int64_t>(duration.count(), 0);
    const std::int64_t s = ms / 1000;
    if (ms < 1000) return fmt::format("{} ms", ms);
    if (s < 60) return fmt::format("{}.{} s", s, ms % 1000 / 100);
    if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
    if (s < 86400) return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
    return fmt::format("{} d {} h", s / 86400, s % 86400 / 3600);
}

std::string format_utc(Millis unix) {
    if (unix.count() == 0) return "";
    const auto seconds = static_cast<std::time_t>(unix.count() / 1000);
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) return "";
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        parts.tm_year + 1900,
        parts.tm_mon + 1,
        parts.tm_mday,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec
    );
}

std::string format_count(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3;) {
        place -= 3;
        text.insert(place, 1, ',');
    }
    return text;
}

std::string count_of(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", format_count(number), noun, number == 1 ? "" : "s");
}

void TextTable::add(std::vector<std::string> row) {
    XORCH_CHECK(row.size() == columns_.size(), "a row needs one cell per column");
    rows_.push_back(std::move(row));
}

std::vector<std::string> TextTable::lines(std::size_t indent) const {
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    std::vector<std::string> lines;
    for (const auto& row : rows_) {
        std::string line(indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - display_width(row[i]), ' ');
            if (i > 0) line += "  ";
            line += columns_[i] == Align::right ? padding + row[i] : row[i] + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace xorch
