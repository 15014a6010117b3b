#include "slurm/fields.h"

#include <algorithm>
#include <charconv>

namespace xorch {

namespace {

// Enough to see what is wrong with a line, not enough to flood a message.
constexpr std::size_t shown_bytes_max = 200;
constexpr std::size_t word_bytes_max = 255;  // the longest name of a host

char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

}  // namespace

std::vector<std::string_view> split_fields(
    std::string_view text, char separator, std::size_t most
) {
    std::vector<std::string_view> fields;
    while (fields.size() + 1 < most) {
        const std::size_t end = text.find(separator);
        if (end == std::string_view::npos) break;
        fields.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    fields.push_back(text);
    return fields;
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines = split_fields(text, '\n');
    for (std::string_view& line : lines) {
        if (line.ends_with('\r')) line.remove_suffix(1);
    }
    std::erase_if(lines, [](std::string_view line) { return trim_field(line).empty(); });
    return lines;
}

std::string_view trim_field(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(white);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return number;
}

bool mentions_word(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
               return lower(a) == b;
           }) != text.end();
}

bool is_plain_word(std::string_view text) {
    const auto allowed = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
    };
    return !text.empty() && text.size() <= word_bytes_max && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), allowed);
}

std::string_view first_line(std::string_view text) {
    text = trim_field(text);
    const auto control = std::find_if(text.begin(), text.end(), [](char byte) {
        return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    });
    text = text.substr(0, static_cast<std::size_t>(control - text.begin()));
    return text.substr(0, shown_bytes_max);
}

}  // namespace xorch
