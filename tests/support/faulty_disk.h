#pragma once

// A disk that fails on request: the nth operation that changes something, once or from then on,
// with the error a test wants. A failing append leaves half of its bytes behind. One thread at a
// time.

#include <optional>

#include "core/disk.h"

namespace xorch {

struct Fault {
    std::uint64_t operation = 0;  // 0 = the first one that changes something
    bool sticky = false;          // every later one fails, too
    bool takes_effect = false;    // it is carried out although it fails (NFS, a lost answer)
    ErrorCode code = ErrorCode::internal;
};

class FaultyDisk final : public Disk {
 public:
    explicit FaultyDisk(Disk& inner, std::optional<Fault> fault = std::nullopt)
        : inner_(inner), fault_(fault) {}

    // Operations that changed something, or would have.
    std::uint64_t operations() const { return operations_; }

    void heal() { fault_.reset(); }

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

 private:
    class File;

    // Counts one operation; the error that it shall return, if any.
    std::optional<Error> fate();

    bool takes_effect() const { return fault_ && fault_->takes_effect; }

    Disk& inner_;
    std::optional<Fault> fault_;
    std::uint64_t operations_ = 0;
};

}  // namespace xorch
