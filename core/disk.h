#pragma once

// The file operations that the journal, the spool and checkpoints rest on, as an interface with
// three bodies: the real one (core/io/posix_disk.h), the simulated one with a volatile and a
// durable image (tests/simulation), and one that fails on request (tests). Paths are plain strings;
// all functions may block and are called from one thread at a time. Fit for NFS and Lustre: no
// locks, no mmap, no second writer of a file.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace xorch {

// A file open for appending by its only writer. Closing does not sync.
class AppendFile {
 public:
    virtual ~AppendFile() = default;

    // All of it or an error; after an error the file may end in part of `bytes`.
    virtual Result<void> append(std::string_view bytes) = 0;

    // fdatasync. After a failure nothing more may be concluded about this file: never call it
    // again, recover.
    virtual Result<void> sync() = 0;
};

class Disk {
 public:
    virtual ~Disk() = default;

    // Creates the file, mode 0600; conflict if it exists.
    virtual Result<std::unique_ptr<AppendFile>> create(const std::string& path) = 0;

    // Opens an existing file for appending at its end.
    virtual Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) = 0;

    virtual Result<std::string> read(const std::string& path) = 0;

    // At most `size` bytes from `offset`; fewer at the end of the file.
    virtual Result<std::string> read_range(
        const std::string& path, std::uint64_t offset, std::uint64_t size
    ) = 0;

    virtual Result<std::uint64_t> size(const std::string& path) = 0;

    // Names (not paths) in a directory, sorted; `.` and `..` left out.
    virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;

    virtual Result<bool> exists(const std::string& path) = 0;

    // Mode 0700; succeeds if it is there already.
    virtual Result<void> make_directory(const std::string& path) = 0;

    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;

    // link(2). True if the link was made, also when the call failed but the link count says 2
    // (NFS); false if `to` exists.
    virtual Result<bool> link(const std::string& from, const std::string& to) = 0;

    // A file or an empty directory.
    virtual Result<void> remove(const std::string& path) = 0;

    // fsync of a directory, so that names in it survive.
    virtual Result<void> sync_directory(const std::string& path) = 0;
};

// Writes a file so that readers see the old one, the new one, and never part of one: temporary
// name, sync, rename, sync of the directory.
Result<void> write_file_atomically(Disk& disk, const std::string& path, std::string_view bytes);

}  // namespace xorch
