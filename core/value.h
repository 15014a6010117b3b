#pragma once

// One dynamically typed value: a parameter, a cell of a record, a node of a JSON document. NaN,
// infinities and "missing" are three different things and none is coerced: a missing cell is an
// absent member, never a null or a NaN.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"

namespace xorch {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in the order written; keys are unique

class Value {
 public:
    using Data =
        std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object>;

    Value() = default;

    Value(bool flag) : data(flag) {}

    Value(std::int64_t number) : data(number) {}

    Value(int number) : data(std::int64_t{number}) {}

    Value(double number) : data(number) {}

    Value(std::string text) : data(std::move(text)) {}

    Value(std::string_view text) : data(std::string(text)) {}

    Value(const char* text) : data(std::string(text)) {}

    Value(Array items) : data(std::move(items)) {}

    Value(Object members) : data(std::move(members)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(data); }

    // The alternative asked for, or nullptr.
    template <class T>
    const T* get_if() const {
        return std::get_if<T>(&data);
    }

    // An integer or a double as a double; nothing for other types (true is not 1).
    std::optional<double> as_number() const;

    // The member of an object, or nullptr if this is no object or has no such member.
    const Value* find(std::string_view key) const;

    // Bit for bit: NaN equals NaN, 1 and 1.0 differ (they are different parameters). Order of
    // members counts.
    friend bool operator==(const Value& left, const Value& right);

    Data data;
};

const Value* find_member(const Object& object, std::string_view key);

// Overwrites the member or appends it.
void set_member(Object& object, std::string_view key, Value value);

// "boolean", "integer", "float", "string", "array", "table", "null": the words of the sweep file.
std::string_view type_name(const Value& value);

// As people and placeholders spell it: strings as they are, true/false, integers in decimal,
// doubles in their shortest round-trip form ("0.1", "1e-05", "nan", "inf"), arrays and tables as
// JSON. A whole double keeps its point: "2.0".
std::string format_plain(const Value& value);

// The shortest text that reads back as the same double; always has a point, an exponent, or is
// nan/inf/-inf.
std::string format_double(double number);

}  // namespace xorch
