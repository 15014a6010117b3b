#include "worker/attempt/storage/file_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/io/descriptor.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 100'000;

TreeFile describe(std::string name, const struct stat& status) {
    return {
        .name = std::move(name),
        .size = static_cast<std::uint64_t>(status.st_size),
        .changed_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

Result<void> walk(
    const std::string& folder, const std::string& prefix, std::vector<TreeFile>& found
) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const std::string path = folder + "/" + name;

        struct stat status {};

        if (::lstat(path.c_str(), &status) != 0) return fail_from_errno("examining " + path, errno);
        if (S_ISDIR(status.st_mode)) {
            if (auto walked = walk(path, prefix + name + "/", found); !walked) return walked;
        } else if (!S_ISREG(status.st_mode)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format(
                    "{}{} is {}, not a file",
                    prefix,
                    name,
                    S_ISLNK(status.st_mode) ? "a symbolic link" : "something special"
                )
            );
        } else if (found.size() == files_max) {
            return fail(ErrorCode::invalid_input, fmt::format("more than {} files", files_max));
        } else {
            found.push_back(describe(prefix + name, status));
        }
    }
    if (error) return fail_from_errno("listing " + folder, error.value());
    return {};
}

Result<void> copy_bytes(const Descriptor& from, const Descriptor& to) {
    constexpr std::size_t chunk = 1UL << 30U;
    for (;;) {
        const ssize_t copied =
            ::copy_file_range(from.number(), nullptr, to.number(), nullptr, chunk, 0);
        if (copied == 0) return {};
        if (copied > 0 || errno == EINTR) continue;
        if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
            return fail_from_errno("copying", errno);
        }
        break;
    }
    std::string buffer(1U << 20U, '\0');
    for (;;) {
        const ssize_t got = ::read(from.number(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_from_errno("copying", errno);
        if (got == 0) return {};
        for (ssize_t done = 0; done < got;) {
            const ssize_t written =
                ::write(to.number(), buffer.data() + done, static_cast<std::size_t>(got - done));
            if (written < 0 && errno != EINTR) return fail_from_errno("copying", errno);
            done += std::max<ssize_t>(written, 0);
        }
    }
}

Result<void> copy_file(const std::string& from, const TreeFile& file, const std::string& to) {
    const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!source.is_open()) return fail_from_errno("opening " + from, errno);
    const Descriptor target(
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
    );
    if (!target.is_open()) return fail_from_errno("creating " + to, errno);
    if (auto copied = copy_bytes(source, target); !copied) {
        return fail_with_context(copied.error(), from);
    }

    struct stat status {};

    if (::fstat(source.number(), &status) != 0) return fail_from_errno("examining " + from, errno);
    if (describe(file.name, status) == file) return {};
    return fail(ErrorCode::unavailable, from + " changed while it was copied");
}

}  // namespace

Result<std::vector<TreeFile>> files_below(const std::string& folder) {
    struct stat status {};

    if (::lstat(folder.c_str(), &status) != 0) return fail_from_errno("examining " + folder, errno);
    std::vector<TreeFile> found;
    if (S_ISREG(status.st_mode)) {
        found.push_back(describe("", status));
        return found;
    }
    if (!S_ISDIR(status.st_mode)) {
        return fail(ErrorCode::invalid_input, folder + " is neither a file nor a folder");
    }
    if (auto walked = walk(folder, "", found); !walked) return tl::unexpected(walked.error());
    std::sort(found.begin(), found.end(), [](const TreeFile& left, const TreeFile& right) {
        return left.name < right.name;
    });
    return found;
}

Bytes disk_usage(const std::string& folder, std::size_t entries_max) {
    std::uint64_t blocks = 0;
    std::size_t seen = 0;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator entry(folder, options, error), end;
         !error && entry != end && seen < entries_max;
         entry.increment(error)) {
        struct stat status {};

        if (::lstat(entry->path().c_str(), &status) == 0) {
            blocks += static_cast<std::uint64_t>(status.st_blocks);
        }
        ++seen;
    }
    return Bytes{blocks * 512};  // st_blocks is in units of 512 bytes everywhere on Linux
}

Result<void> copy_files(
    const std::string& from, const std::vector<TreeFile>& files, const std::string& to
) {
    for (const TreeFile& file : files) {
        const std::string source = file.name.empty() ? from : from + "/" + file.name;
        const std::string target = file.name.empty() ? to : to + "/" + file.name;
        if (auto made = make_folders(target.substr(0, target.rfind('/'))); !made) return made;
        if (auto copied = copy_file(source, file, target); !copied) return copied;
    }
    return {};
}

Result<void> move_folder(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    if (errno != EXDEV) return fail_from_errno("renaming " + from + " to " + to, errno);
    const auto files = files_below(from);
    if (!files) return tl::unexpected(files.error());
    if (auto made = make_folders(to); !made) return made;
    if (auto copied = copy_files(from, *files, to); !copied) return copied;
    return remove_folder(from);
}

Result<void> make_folders(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
        return fail_from_errno("making folder " + path, errno);
    }
    if (auto made = make_folders(path.substr(0, slash)); !made) return made;
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return fail_from_errno("making folder " + path, errno);
}

bool has_entries(const std::string& folder) {
    std::error_code error;
    const fs::directory_iterator entry(folder, error);
    return !error && entry != fs::directory_iterator();
}

Result<void> remove_folder(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return fail_from_errno("removing " + path, error.value());
    return {};
}

}  // namespace xorch
