#pragma once

// The real disk. Files are made with mode 0600 and never through a symbolic link, directories with
// mode 0700; interrupted and short calls are carried on. It has no state: several threads may use
// one object, each file object belongs to one thread at a time.

#include "core/disk.h"

namespace xorch {

class PosixDisk final : public Disk {
 public:
    Result<std::unique_ptr<AppendFile>> create(const std::string& path) override;
    Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
    Result<std::string> read(const std::string& path) override;
    Result<std::string> read_range(
        const std::string& path, std::uint64_t offset, std::uint64_t size
    ) override;
    Result<std::uint64_t> size(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<bool> exists(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<bool> link(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
};

}  // namespace xorch
