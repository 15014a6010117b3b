#include "coordinator/journal/members.h"

namespace xorch {

Value count_value(std::uint64_t number) {
    return Value(static_cast<std::int64_t>(number));
}

std::optional<std::uint64_t> find_count(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    if (number == nullptr || *number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

std::optional<std::string> find_text(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    if (text == nullptr) return std::nullopt;
    return *text;
}

}  // namespace xorch
