#pragma once

// JSON text to and from Value. NaN, Infinity and -Infinity are read and written, as Python's json
// does. Behind this header stands RapidJSON; nothing else includes it.

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/value.h"

namespace xorch {

// The whole text must be one JSON value, nested at most 64 deep, with no key twice in an object.
// Integers beyond 64 bits become doubles.
Result<Value> parse_json(std::string_view text);

// One line, members in their own order. Strings that are not UTF-8 are written with U+FFFD for the
// bad bytes.
std::string format_json(const Value& value);

// Indented by two spaces, for files and terminals that people read.
std::string format_json_pretty(const Value& value);

// The one spelling that identities are made of: members sorted by key (bytes), no spaces, shortest
// round-trip doubles.
std::string format_canonical_json(const Value& value);

// The same, at the end of `out`: for identities of millions of units.
void append_canonical_json(std::string& out, const Value& value);

}  // namespace xorch
