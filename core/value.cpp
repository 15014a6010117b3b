#include "core/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/json.h"

namespace xorch {

std::optional<double> Value::as_number() const {
    if (const auto* integer = get_if<std::int64_t>()) return static_cast<double>(*integer);
    if (const auto* number = get_if<double>()) return *number;
    return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
    const auto* object = get_if<Object>();
    return object == nullptr ? nullptr : find_member(*object, key);
}

bool operator==(const Value& left, const Value& right) {
    const auto* x = left.get_if<double>();
    const auto* y = right.get_if<double>();
    if (x != nullptr && y != nullptr) {
        return (std::isnan(*x) && std::isnan(*y)) ||
               std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
    }
    return left.data == right.data;
}

const Value* find_member(const Object& object, std::string_view key) {
    for (const Member& member : object) {
        if (member.first == key) return &member.second;
    }
    return nullptr;
}

void set_member(Object& object, std::string_view key, Value value) {
    for (Member& member : object) {
        if (member.first == key) {
            member.second = std::move(value);
            return;
        }
    }
    object.emplace_back(std::string(key), std::move(value));
}

std::string_view type_name(const Value& value) {
    switch (value.data.index()) {
        case 0:
            return "null";
        case 1:
            return "boolean";
        case 2:
            return "integer";
        case 3:
            return "float";
        case 4:
            return "string";
        case 5:
            return "array";
        default:
            return "table";
    }
}

std::string format_plain(const Value& value) {
    if (const auto* text = value.get_if<std::string>()) return *text;
    if (const auto* number = value.get_if<double>()) return format_double(*number);
    if (const auto* number = value.get_if<std::int64_t>()) return fmt::format_int(*number).str();
    return format_json(value);
}

std::string format_double(double number) {
    std::string text = fmt::format("{}", number);
    // fmt drops the point of a whole number; without it, the text would read back as an integer.
    const bool bare = std::all_of(text.begin(), text.end(), [](char byte) {
        return byte != '.' && byte != 'e' && byte != 'n';
    });
    return bare ? text + ".0" : text;
}

}  // namespace xorch
