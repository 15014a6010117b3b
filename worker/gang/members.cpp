#include "worker/gang/members.h"

namespace xorch {

std::int64_t integer_member(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    return number == nullptr ? 0 : *number;
}

std::string text_member(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? "" : *text;
}

bool flag_member(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    return value != nullptr && *value == Value(true);
}

}  // namespace xorch
