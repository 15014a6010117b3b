#pragma once

// Members of the JSON objects that agents and ranks write for each other: one that is missing, or
// of another type, counts as nothing.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/value.h"

namespace xorch {

std::int64_t integer_member(const Value& object, std::string_view key);
std::string text_member(const Value& object, std::string_view key);
bool flag_member(const Value& object, std::string_view key);

}  // namespace xorch
