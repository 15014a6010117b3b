#include "core/io/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include "core/io/descriptor.h"

namespace xorch {

namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;

// Repeats a call for as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR)
        result = call();
    return result;
}

Result<Descriptor> open_file(const std::string& path, int flags, std::string_view doing) {
    const int number = uninterrupted([&] {
        return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, file_mode);
    });
    if (number < 0) return fail_from_errno(std::string(doing) + " " + path, errno);
    return Descriptor(number);
}

// A FIFO or device in place of a file would block or never end.
Result<std::uint64_t> regular_size(const Descriptor& file, const std::string& path) {
    struct stat status {};

    if (::fstat(file.number(), &status) != 0) return fail_from_errno("examining " + path, errno);
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::internal, "reading " + path + ": it is not a regular file");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

// Reads until `bytes` is full or the file ends; shortens `bytes` to what there was.
Result<void> read_into(
    const Descriptor& file, std::uint64_t offset, std::string& bytes, const std::string& path
) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = uninterrupted([&] {
            return ::pread(
                file.number(),
                bytes.data() + done,
                bytes.size() - done,
                static_cast<off_t>(offset + done)
            );
        });
        if (got < 0) return fail_from_errno("reading " + path, errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return {};
}

class PosixAppendFile final : public AppendFile {
 public:
    PosixAppendFile(Descriptor file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}

    Result<void> append(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t written =
                uninterrupted([&] { return ::write(file_.number(), bytes.data(), bytes.size()); });
            if (written < 0) return fail_from_errno("writing " + path_, errno);
            if (written == 0) {
                return fail(ErrorCode::internal, "writing " + path_ + ": no byte was taken");
            }
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }

    // Never repeated, also not when interrupted: a kernel reports a lost page once and forgets it.
    Result<void> sync() override {
        if (::fdatasync(file_.number()) == 0) return {};
        return fail_from_errno("syncing " + path_, errno);
    }

 private:
    Descriptor file_;
    std::string path_;
};

Result<std::unique_ptr<AppendFile>> append_file(
    const std::string& path, int flags, std::string_view doing
) {
    auto file = open_file(path, O_WRONLY | O_APPEND | flags, doing);
    if (!file) return tl::unexpected(file.error());
    return std::make_unique<PosixAppendFile>(std::move(*file), path);
}

bool has_two_links(const std::string& path) {
    struct stat status {};

    return ::lstat(path.c_str(), &status) == 0 && status.st_nlink == 2;
}

}  // namespace

Result<std::unique_ptr<AppendFile>> PosixDisk::create(const std::string& path) {
    return append_file(path, O_CREAT | O_EXCL, "creating");
}

Result<std::unique_ptr<AppendFile>> PosixDisk::open_append(const std::string& path) {
    return append_file(path, O_NONBLOCK, "opening");
}

Result<std::string> PosixDisk::read(const std::string& path) {
    return read_range(path, 0, std::numeric_limits<std::uint64_t>::max());
}

Result<std::string> PosixDisk::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    auto file = open_file(path, O_RDONLY | O_NONBLOCK, "opening");
    if (!file) return tl::unexpected(file.error());
    const auto there = regular_size(*file, path);
    if (!there) return tl::unexpected(there.error());
    if (offset >= *there) return std::string();
    std::string bytes(std::min(size, *there - offset), '\0');
    if (auto done = read_into(*file, offset, bytes, path); !done) {
        return tl::unexpected(done.error());
    }
    return bytes;
}

Result<std::uint64_t> PosixDisk::size(const std::string& path) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) return fail_from_errno("examining " + path, errno);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return fail_from_errno("listing " + directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    const int failure = errno;
    ::closedir(stream);
    if (failure != 0) return fail_from_errno("listing " + directory, failure);
    std::sort(names.begin(), names.end());
    return names;
}

Result<bool> PosixDisk::exists(const std::string& path) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT) return false;
    return fail_from_errno("examining " + path, errno);
}

Result<void> PosixDisk::make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), directory_mode) == 0) return {};
    const int failure = errno;

    struct stat status {};

    const bool is_there = ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (failure == EEXIST && is_there) return {};
    return fail_from_errno("making directory " + path, failure);
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return fail_from_errno("renaming " + from + " to " + to, errno);
}

Result<bool> PosixDisk::link(const std::string& from, const std::string& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    const int failure = errno;
    // An NFS server may have made the link and lost its answer; asked again, it says EEXIST.
    if (has_two_links(from)) return true;
    if (failure == EEXIST) return false;
    return fail_from_errno("linking " + from + " to " + to, failure);
}

Result<void> PosixDisk::remove(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return {};
    if (errno == EISDIR && ::rmdir(path.c_str()) == 0) return {};
    return fail_from_errno("removing " + path, errno);
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
    auto directory = open_file(path, O_RDONLY | O_DIRECTORY, "opening directory");
    if (!directory) return tl::unexpected(directory.error());
    if (::fsync(directory->number()) == 0) return {};
    return fail_from_errno("syncing directory " + path, errno);
}

}  // namespace xorch
