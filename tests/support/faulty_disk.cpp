#include "tests/support/faulty_disk.h"

namespace xorch {

class FaultyDisk::File final : public AppendFile {
 public:
    File(FaultyDisk& disk, std::unique_ptr<AppendFile> inner)
        : disk_(disk), inner_(std::move(inner)) {}

    Result<void> append(std::string_view bytes) override {
        const auto error = disk_.fate();
        if (!error) return inner_->append(bytes);
        if (!disk_.takes_effect()) bytes = bytes.substr(0, bytes.size() / 2);
        if (auto part = inner_->append(bytes); !part) return part;
        return tl::unexpected(*error);
    }

    Result<void> sync() override {
        const auto error = disk_.fate();
        if (!error) return inner_->sync();
        if (disk_.takes_effect()) {
            if (auto synced = inner_->sync(); !synced) return synced;
        }
        return tl::unexpected(*error);
    }

 private:
    FaultyDisk& disk_;
    std::unique_ptr<AppendFile> inner_;
};

std::optional<Error> FaultyDisk::fate() {
    const std::uint64_t operation = operations_++;
    if (!fault_) return std::nullopt;
    const bool hit =
        fault_->sticky ? operation >= fault_->operation : operation == fault_->operation;
    if (!hit) return std::nullopt;
    return Error{fault_->code, "fault injected by a test"};
}

Result<std::unique_ptr<AppendFile>> FaultyDisk::create(const std::string& path) {
    const auto error = fate();
    if (error && !takes_effect()) return tl::unexpected(*error);
    auto file = inner_.create(path);
    if (error) return tl::unexpected(*error);
    if (!file) return file;
    return std::make_unique<File>(*this, std::move(*file));
}

Result<std::unique_ptr<AppendFile>> FaultyDisk::open_append(const std::string& path) {
    auto file = inner_.open_append(path);
    if (!file) return file;
    return std::make_unique<File>(*this, std::move(*file));
}

Result<std::string> FaultyDisk::read(const std::string& path) {
    return inner_.read(path);
}

Result<std::string> FaultyDisk::read_range(
    const std::string& path, std::uint64_t offset, std::uint64_t size
) {
    return inner_.read_range(path, offset, size);
}

Result<std::uint64_t> FaultyDisk::size(const std::string& path) {
    return inner_.size(path);
}

Result<std::vector<std::string>> FaultyDisk::list(const std::string& directory) {
    return inner_.list(directory);
}

Result<bool> FaultyDisk::exists(const std::string& path) {
    return inner_.exists(path);
}

Result<void> FaultyDisk::make_directory(const std::string& path) {
    if (const auto error = fate()) return tl::unexpected(*error);
    return inner_.make_directory(path);
}

Result<void> FaultyDisk::rename(const std::string& from, const std::string& to) {
    const auto error = fate();
    if (error && !takes_effect()) return tl::unexpected(*error);
    auto renamed = inner_.rename(from, to);
    if (error) return tl::unexpected(*error);
    return renamed;
}

Result<bool> FaultyDisk::link(const std::string& from, const std::string& to) {
    const auto error = fate();
    if (error && !takes_effect()) return tl::unexpected(*error);
    auto linked = inner_.link(from, to);
    if (error) return tl::unexpected(*error);
    return linked;
}

Result<void> FaultyDisk::remove(const std::string& path) {
    if (const auto error = fate()) return tl::unexpected(*error);
    return inner_.remove(path);
}

Result<void> FaultyDisk::sync_directory(const std::string& path) {
    if (const auto error = fate()) return tl::unexpected(*error);
    return inner_.sync_directory(path);
}

}  // namespace xorch
