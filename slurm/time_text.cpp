#include "slurm/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "slurm/fields.h"

namespace xorch {

namespace {

// Longer than any limit in use, and far from what overflows.
constexpr std::uint64_t days_max = 36'500;
constexpr std::uint64_t part_max = days_max * 24 * 60;
constexpr std::uint64_t stamp_max = days_max * 4 * 86'400;  // seconds since 1970

constexpr Millis from_seconds(std::uint64_t seconds) {
    return Millis{static_cast<std::int64_t>(seconds * 1000)};
}

// The numbers between colons, at most three.
std::optional<std::vector<std::uint64_t>> parse_clock_parts(std::string_view text) {
    std::vector<std::uint64_t> parts;
    for (const std::string_view field : split_fields(text, ':', 4)) {
        const auto number = parse_count(field);
        if (!number || *number > part_max || (!parts.empty() && *number > 59)) return std::nullopt;
        parts.push_back(*number);
    }
    if (parts.size() > 3) return std::nullopt;
    return parts;
}

std::optional<std::uint64_t> parse_span_seconds(std::string_view text) {
    std::uint64_t days = 0;
    const std::size_t dash = text.find('-');
    if (dash != std::string_view::npos) {
        const auto number = parse_count(text.substr(0, dash));
        if (!number || *number > days_max) return std::nullopt;
        days = *number;
        text.remove_prefix(dash + 1);
    }
    auto parts = parse_clock_parts(text);
    if (!parts) return std::nullopt;
    if (dash != std::string_view::npos) {
        // After days the first part is hours; 24 and more would mean that this is no such time.
        if (parts->front() > 23) return std::nullopt;
        parts->resize(3);
    } else if (parts->size() == 1) {
        parts->push_back(0);  // minutes
    }
    std::uint64_t seconds = 0;
    for (const std::uint64_t part : *parts)
        seconds = seconds * 60 + part;
    return days * 86'400 + seconds;
}

// Exactly "YYYY-MM-DDTHH:MM:SS".
std::optional<std::tm> parse_calendar(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() != shape.size()) return std::nullopt;
    std::array<int, 6> numbers{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd') {
            if (!digit) return std::nullopt;
            numbers[at] = numbers[at] * 10 + (text[i] - '0');
        } else {
            if (text[i] != shape[i]) return std::nullopt;
            ++at;
        }
    }
    const auto& [year, month, day, hour, minute, second] = numbers;
    const bool possible = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
                          hour <= 23 && minute <= 59 && second <= 60;
    if (!possible) return std::nullopt;
    std::tm calendar{};
    calendar.tm_year = year - 1900;
    calendar.tm_mon = month - 1;
    calendar.tm_mday = day;
    calendar.tm_hour = hour;
    calendar.tm_min = minute;
    calendar.tm_sec = second;
    calendar.tm_isdst = -1;  // the text does not say whether summer time was in force
    return calendar;
}

}  // namespace

std::optional<TimeLimit> parse_time_limit(std::string_view text) {
    text = trim_field(text);
    if (text == "UNLIMITED" || text == "INFINITE" || text == "infinite" || text == "unlimited") {
        return TimeLimit{.unlimited = true};
    }
    const auto seconds = parse_span_seconds(text);
    if (!seconds) return std::nullopt;
    return TimeLimit{.length = from_seconds(*seconds)};
}

std::string format_time_limit(Millis length) {
    return format_time_span(std::chrono::ceil<std::chrono::minutes>(std::max(length, Millis{1})));
}

std::string format_time_span(Millis length) {
    const std::int64_t seconds =
        std::chrono::ceil<std::chrono::seconds>(std::max(length, Millis{0})).count();
    const std::int64_t days = seconds / 86'400;
    return fmt::format(
        "{}{:02}:{:02}:{:02}",
        days > 0 ? fmt::format("{}-", days) : "",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    );
}

std::optional<Millis> parse_time_stamp(std::string_view text) {
    text = trim_field(text);
    if (const auto seconds = parse_count(text)) {
        // 0 is how Slurm says that there is no such time.
        if (*seconds == 0 || *seconds > stamp_max) return std::nullopt;
        return from_seconds(*seconds);
    }
    auto calendar = parse_calendar(text);
    if (!calendar) return std::nullopt;
    const std::time_t seconds = std::mktime(&*calendar);
    if (seconds <= 0) return std::nullopt;
    return from_seconds(static_cast<std::uint64_t>(seconds));
}

}  // namespace xorch
