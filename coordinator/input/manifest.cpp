#include "coordinator/input/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "core/hash.h"
#include "core/json.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

// Data sets of millions of files belong into archives; a folder given by mistake (/) ends here.
constexpr std::size_t files_max = 1'000'000;
constexpr std::size_t depth_max = 64;
constexpr std::size_t block_bytes = 1U << 18U;

tl::unexpected<Error> refuse(const fs::path& path, std::string_view what) {
    return fail(
        ErrorCode::invalid_input, fmt::format("{}: {}", format_json(Value(path.string())), what)
    );
}

bool is_derived(const fs::path& path) {
    const std::string name = path.filename().string();
    return name == "__pycache__" || name == ".git" || name == ".hg" || name == ".svn" ||
           path.extension() == ".pyc";
}

bool is_within(const fs::path& path, const fs::path& root) {
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    return end == root.end();
}

class Walk {
 public:
    Walk(fs::path root, bool skip_derived) : root_(std::move(root)), skip_derived_(skip_derived) {}

    Result<void> enter(const fs::path& folder, const std::string& prefix) {
        if (open_.size() == depth_max) return refuse(folder, "nested deeper than 64 folders");
        std::error_code error;
        open_.push_back(fs::canonical(folder, error));
        std::vector<fs::path> names;
        for (fs::directory_iterator it(folder, error), end; !error && it != end;
             it.increment(error))
            names.push_back(it->path());
        if (error) return fail_from_errno(folder.string(), error.value());
        for (const fs::path& path : names) {
            if (skip_derived_ && is_derived(path)) continue;
            if (auto added = add(path, prefix + path.filename().string()); !added) return added;
        }
        open_.pop_back();
        return {};
    }

    Result<void> add(const fs::path& path, const std::string& name) {
        std::error_code error;
        const bool link = fs::is_symlink(fs::symlink_status(path, error));
        const fs::path target = link ? fs::canonical(path, error) : path;
        if (link && error) return refuse(path, "a link to nothing; remove it or mend it");
        ManifestEntry entry{.name = name, .path = path.string()};
        const bool circle = std::find(open_.begin(), open_.end(), target) != open_.end();
        if (link && (circle || !is_within(target, root_))) {
            entry.outside_link = true;
            return keep(std::move(entry));
        }
        const fs::file_status status = fs::status(path, error);
        if (error) return fail_from_errno(path.string(), error.value());
        if (fs::is_directory(status)) return enter(path, name + "/");
        if (!fs::is_regular_file(status)) return refuse(path, "neither a file nor a folder");
        entry.executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
        return keep(std::move(entry));
    }

    std::vector<ManifestEntry> take() {
        std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
            return a.name < b.name;
        });
        return std::move(entries_);
    }

 private:
    Result<void> keep(ManifestEntry entry) {
        if (entries_.size() == files_max) return refuse(root_, "has more than 1,000,000 files");
        entries_.push_back(std::move(entry));
        return {};
    }

    fs::path root_;  // canonical
    bool skip_derived_;
    std::vector<fs::path> open_;  // folders on the way, canonical
    std::vector<ManifestEntry> entries_;
};

}  // namespace

Result<std::vector<ManifestEntry>> list_files(const std::string& path, bool skip_derived) {
    std::error_code error;
    const fs::path root = fs::canonical(path, error);
    if (error) return fail_from_errno(path, error.value());
    Walk walk(root, skip_derived);
    const bool folder = fs::is_directory(root, error);
    if (auto walked = folder ? walk.enter(root, "") : walk.add(root, ""); !walked) {
        return tl::unexpected(walked.error());
    }
    return walk.take();
}

Result<std::string> hash_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::vector<char> block(block_bytes);
    Hasher hasher;
    while (stream) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        hasher.add({block.data(), static_cast<std::size_t>(stream.gcount())});
    }
    if (!stream.eof()) return fail(ErrorCode::unavailable, path + ": cannot be read");
    return hasher.finish();
}

Result<std::string> manifest_hash(const std::string& path) {
    const auto entries = list_files(path, false);
    if (!entries) return tl::unexpected(entries.error());
    Hasher hasher;
    for (const ManifestEntry& entry : *entries) {
        std::error_code error;
        std::string content;
        std::uintmax_t size = 0;
        if (entry.outside_link) {
            content = "link " + hash_text(fs::read_symlink(entry.path, error).string());
        } else {
            size = fs::file_size(entry.path, error);
            auto hash = hash_file(entry.path);
            if (!hash) return hash;
            content = *hash;
        }
        // Lengths first, so that no name can be taken for the end of another entry.
        hasher.add(fmt::format("{}:{}:{}:{}\n", entry.name.size(), entry.name, size, content));
    }
    return hasher.finish();
}

}  // namespace xorch
