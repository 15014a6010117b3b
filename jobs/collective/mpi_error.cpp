#include "jobs/collective/mpi_error.h"

#include <fmt/format.h>
#include <mpi.h>

#include <array>

namespace xorch {

Result<void> check_mpi(int code, std::string_view what) {
    if (code == MPI_SUCCESS) return {};
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    const std::string_view words(text.data(), static_cast<std::size_t>(length));
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, words));
}

}  // namespace xorch
