#include "coordinator/input/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace xorch {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array duration_units{
    Unit{"ms", 1         },
    Unit{"s",  1'000     },
    Unit{"m",  60'000    },
    Unit{"h",  3'600'000 },
    Unit{"d",  86'400'000},
};

constexpr std::array size_units{
    Unit{"B", 1         },
    Unit{"K", 1ULL << 10},
    Unit{"M", 1ULL << 20},
    Unit{"G", 1ULL << 30},
    Unit{"T", 1ULL << 40},
};

constexpr std::uint64_t duration_max_ms = 10ULL * 366 * 86'400'000;

// Takes digits off the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return number;
}

// [[D-]HH:]MM:SS, as Slurm spells time limits.
std::optional<std::uint64_t> parse_clock(std::string_view text) {
    std::uint64_t days = 0;
    const bool has_days = text.find('-') != std::string_view::npos;
    if (has_days) {
        const auto number = take_number(text);
        if (!number || *number > 5000 || text.empty() || text.front() != '-') return std::nullopt;
        text.remove_prefix(1);
        days = *number;
    }
    std::uint64_t seconds = 0;
    int parts = 0;
    for (;;) {
        const auto number = take_number(text);
        if (!number || *number > 100'000 || (parts > 0 && *number > 59)) return std::nullopt;
        seconds = seconds * 60 + *number;
        ++parts;
        if (text.empty()) break;
        if (text.front() != ':') return std::nullopt;
        text.remove_prefix(1);
    }
    if (parts > 3 || parts < (has_days ? 3 : 2)) return std::nullopt;
    return (days * 86'400 + seconds) * 1'000;
}

std::optional<std::uint64_t> parse_units(std::string_view text) {
    std::uint64_t total = 0;
    do {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        const std::size_t end = std::min(text.find_first_of("0123456789"), text.size());
        const std::string_view name = text.substr(0, end);
        const Unit* unit = nullptr;
        for (const Unit& each : duration_units) {
            if (each.name == name) unit = &each;
        }
        if (unit == nullptr || *number > duration_max_ms / unit->factor) return std::nullopt;
        total += *number * unit->factor;
        text.remove_prefix(end);
    } while (!text.empty());
    return total;
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
    const bool clock = text.find(':') != std::string_view::npos;
    const auto total = clock ? parse_clock(text) : parse_units(text);
    if (!total || *total > duration_max_ms) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "\"{}\" is no duration; write for example \"60s\", \"1h30m\" or \"1-02:03:04\"",
                text
            )
        );
    }
    return Millis{static_cast<std::int64_t>(*total)};
}

Result<Bytes> parse_size(std::string_view text) {
    std::string_view rest = text;
    const auto number = take_number(rest);
    if (number && !rest.empty()) {
        for (const Unit& unit : size_units) {
            const std::string_view tail = rest.substr(1);
            if (rest.substr(0, 1) != unit.name) continue;
            const bool known = tail.empty() || (unit.factor > 1 && (tail == "B" || tail == "iB"));
            std::uint64_t bytes = 0;
            if (!known || __builtin_mul_overflow(*number, unit.factor, &bytes)) break;
            return Bytes{bytes};
        }
    }
    return fail(
        ErrorCode::invalid_input,
        fmt::format("\"{}\" is no size; write for example \"512M\" or \"1G\"", text)
    );
}

std::string format_duration(Millis duration) {
    const auto count = static_cast<std::uint64_t>(duration.count());
    for (std::size_t i = duration_units.size(); i-- > 0;) {
        const Unit& unit = duration_units[i];
        if (count != 0 && count % unit.factor == 0) {
            return fmt::format("{}{}", count / unit.factor, unit.name);
        }
    }
    return "0s";
}

std::string format_size(Bytes size) {
    for (std::size_t i = size_units.size(); i-- > 0;) {
        const Unit& unit = size_units[i];
        if (size.value != 0 && size.value % unit.factor == 0) {
            return fmt::format("{}{}", size.value / unit.factor, unit.name);
        }
    }
    return "0B";
}

}  // namespace xorch
