#pragma once

// A disk in memory with real folders, for what renames and removes whole trees. A name survives a
// power failure once its folder was synced, bytes once their file was; a folder's content survives
// with the folder, wherever it was moved. One thread at a time.

#include <map>
#include <memory>
#include <random>
#include <string>

#include "core/disk.h"

namespace xorch {

class TreeDisk final : public Disk {
 public:
    TreeDisk();
    ~TreeDisk() override;

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

    // Every operation that changes something fails from the n-th on: the process dies there.
    void die_after(int operations) { operations_left_ = operations; }

    // Power fails and comes back.
    void crash(std::mt19937_64& random);

    // Damage by the test's own hand.
    std::string& content(const std::string& path);

 private:
    struct Node;
    class File;
    using NodePointer =
        std::shared_ptr<Node>;  // shared between names and open files, as inodes are

    // The node, or nullptr.
    NodePointer find(const std::string& path) const;
    Result<NodePointer> folder_of(const std::string& path) const;
    Result<void> change();
    static void crash_below(Node& node, std::mt19937_64& random);

    NodePointer root_;
    int operations_left_ = -1;  // -1 = no end
};

}  // namespace xorch
