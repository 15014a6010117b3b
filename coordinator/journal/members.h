#pragma once

// Members of the small JSON objects that this folder writes and reads back: absent and of the wrong
// type are the same to it. For the files of this folder.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/value.h"

namespace xorch {

Value count_value(std::uint64_t number);

// A whole number that is not negative.
std::optional<std::uint64_t> find_count(const Value& object, std::string_view key);

std::optional<std::string> find_text(const Value& object, std::string_view key);

}  // namespace xorch
