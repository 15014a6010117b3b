#include "core/error.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xorch {

namespace {

ErrorCode code_of_errno(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return ErrorCode::no_space;
        case ENOENT:
            return ErrorCode::not_found;
        case EEXIST:
            return ErrorCode::conflict;
        case EAGAIN:
        case ESTALE:
        case ETIMEDOUT:
            return ErrorCode::unavailable;
        default:
            return ErrorCode::internal;
    }
}

}  // namespace

tl::unexpected<Error> fail_with_context(const Error& error, std::string_view doing) {
    return fail(error.code, std::string(doing) + ": " + error.message);
}

tl::unexpected<Error> fail_from_errno(std::string_view doing, int error_number) {
    return fail(
        code_of_errno(error_number), std::string(doing) + ": " + std::strerror(error_number)
    );
}

void check_failed(const char* condition, const char* file, int line, std::string_view message) {
    std::fprintf(
        stderr,
        "xorch: internal error: %.*s\n  check failed: %s at %s:%d\n  Please report this with the "
        "sweep's directory.\n",
        static_cast<int>(message.size()),
        message.data(),
        condition,
        file,
        line
    );
    std::abort();
}

}  // namespace xorch
