#pragma once

// A unit's parameters as its job declared them: each is there, of its type and in its range.
// Reading one that is not declared, or as another type, is a mistake in the job and aborts.
// Immutable; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/job.h"
#include "core/value.h"

namespace xorch {

class Parameters {
 public:
    // Takes defaults for what is not given. invalid_input names the parameter that is missing,
    // unknown, of another type or out of range.
    static Result<Parameters> read(const JobDeclaration& job, const Object& given);

    bool flag(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    double number(std::string_view name) const;
    const std::string& text(std::string_view name) const;  // of type text or path

    // All of them, in the order of the declaration; then those that only the sweep knows.
    const Object& values() const { return values_; }

 private:
    const Value& value(std::string_view name) const;

    Object values_;
};

}  // namespace xorch
