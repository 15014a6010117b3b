#pragma once

// A disk in memory that knows what a power failure would leave: bytes count as durable after sync()
// of their file, names after sync_directory(). One thread at a time.

#include <map>
#include <memory>
#include <random>
#include <string>

#include "core/disk.h"

namespace xorch {

class MemoryDisk final : public Disk {
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

    // Power fails: what was not durable is gone, but for a random part of each file's tail. Files
    // that are open belong to the dead.
    void crash(std::mt19937_64& random);

    // Damage by the test's own hand: the content of an existing file.
    std::string& content(const std::string& path);

 private:
    struct Content {
        std::string bytes;
        std::string durable;
    };

    class File;

    // Shared between names (hard links) and open files, as inodes are.
    using Names = std::map<std::string, std::shared_ptr<Content>>;

    Result<std::shared_ptr<Content>> find(const std::string& path) const;

    Names names_;
    Names durable_names_;
};

}  // namespace xorch
