#include "jobs/files/file_bytes.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>

namespace xorch {

Result<std::string> read_bytes(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return fail(ErrorCode::not_found, "there is no such file");
    }
    if (!std::filesystem::is_regular_file(status)) {
        return fail(ErrorCode::invalid_input, "not a file");
    }
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error) return fail(ErrorCode::unavailable, "it cannot be read: " + error.message());
    if (size > file_bytes_max) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("a file of {} bytes, at most {}", size, file_bytes_max)
        );
    }
    std::ifstream file(path, std::ios::binary);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!file) return fail(ErrorCode::unavailable, "it cannot be read");
    return bytes;
}

Result<void> write_bytes(const std::string& path, std::initializer_list<std::string_view> pieces) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    for (const std::string_view piece : pieces) {
        file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    }
    file.close();
    if (!file) return fail(ErrorCode::unavailable, "it cannot be written");
    return {};
}

}  // namespace xorch
