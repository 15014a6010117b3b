#include "core/ids.h"

#include <charconv>
#include <cstring>

namespace xorch {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// The value of one hexadecimal digit, or -1.
int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

}  // namespace

std::string format_unit_id(const UnitId& id) {
    std::string text;
    text.reserve(2 * id.bytes.size());
    for (const std::uint8_t byte : id.bytes) {
        text.push_back(hex_digits[byte >> 4U]);
        text.push_back(hex_digits[byte & 15U]);
    }
    return text;
}

std::optional<UnitId> parse_unit_id(std::string_view text) {
    UnitId id;
    if (text.size() != 2 * id.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        const int high = digit_value(text[2 * i]);
        const int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return id;
}

std::string format_incarnation(IncarnationId id) {
    std::string text(16, '0');
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = hex_digits[(id.value >> (60U - 4U * i)) & 15U];
    }
    return text;
}

std::optional<IncarnationId> parse_incarnation(std::string_view text) {
    if (text.size() != 16) return std::nullopt;
    IncarnationId id;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id.value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return id;
}

}  // namespace xorch

std::size_t std::hash<xorch::UnitId>::operator()(const xorch::UnitId& id) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
}
