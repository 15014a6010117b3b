#include "jobs/files/path_hash.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/hash.h"
#include "jobs/files/file_bytes.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> files_of(const std::string& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
    std::vector<std::string> files;
    for (auto entry = fs::directory_iterator(path, error);
         !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        files.push_back(entry->path().string());
    }
    if (error) return fail_from_errno("listing " + path, error.value());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

Result<std::string> hash_path(const std::string& path) {
    const auto files = files_of(path);
    if (!files) return tl::unexpected(files.error());
    Hasher hasher;
    for (const std::string& file : *files) {
        const auto bytes = read_bytes(file);
        if (!bytes) return fail_with_context(bytes.error(), file);
        hasher.add(fmt::format("{} {}\n", fs::path(file).filename().string(), bytes->size()));
        hasher.add(*bytes);
    }
    return hasher.finish();
}

}  // namespace xorch
