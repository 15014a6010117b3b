#pragma once

// Records as programs mostly write them, read in a third of the time: one flat object on a line, of
// plain ASCII without escapes or blanks between its parts. Whatever else a line is, parse_json()
// reads it and says what is wrong with it.

#include <optional>
#include <string_view>

#include "core/value.h"

namespace xorch {

// Nothing if the line is not as plain as that; otherwise what parse_json() would read.
std::optional<Object> read_plain_row(std::string_view line);

}  // namespace xorch
