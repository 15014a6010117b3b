#pragma once

// Expected failures are values. An ErrorCode exists only where some caller acts on it differently;
// everything else a reader needs is in the message, to which each level adds what it was doing.
// Programmer errors abort through XORCH_CHECK, always, also in release builds; input from a file,
// the wire, the journal or a user never reaches one.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace xorch {

enum class ErrorCode {
    usage,          // the command line is wrong: exit 2, point to --help
    invalid_input,  // a file or message does not say something valid: exit 2, name file and line
    not_found,      // the thing named does not exist
    conflict,       // somebody else holds it (another coordinator), or it exists already
    no_space,       // ENOSPC or EDQUOT: wait for space, then recover
    unavailable,    // may work later: a peer that does not answer, a file system that stalls
    corrupted,      // bytes on disk are not what was written
    internal,       // anything else that nobody can act on
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
};

// A value or an Error. Ignoring one does not compile (warnings are errors in presets).
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
    using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

// The same error, its message preceded by what was being done: "opening journal: ...".
tl::unexpected<Error> fail_with_context(const Error& error, std::string_view doing);

// The error of the last system call: "<doing>: No space left on device", with the code that errno
// deserves.
tl::unexpected<Error> fail_from_errno(std::string_view doing, int error_number);

// Prints the condition, the place and the message, then aborts.
[[noreturn]] void check_failed(
    const char* condition, const char* file, int line, std::string_view message
);

}  // namespace xorch

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): it needs the text of its condition.
#define XORCH_CHECK(condition, message)                                       \
    do {                                                                      \
        if (!(condition)) {                                                   \
            ::xorch::check_failed(#condition, __FILE__, __LINE__, (message)); \
        }                                                                     \
    } while (false)
