#include "coordinator/journal/alive.h"

#include <utility>

namespace xorch {

Result<AliveCounter> AliveCounter::open(Disk& disk, const std::string& path) {
    const auto there = disk.exists(path);
    if (!there) return tl::unexpected(there.error());
    auto file = *there ? disk.open_append(path) : disk.create(path);
    if (!file) return tl::unexpected(file.error());
    return AliveCounter(std::move(*file));
}

Result<void> AliveCounter::bump() {
    if (auto written = file_->append("."); !written) return written;
    return file_->sync();
}

Result<std::optional<std::uint64_t>> read_alive(Disk& disk, const std::string& path) {
    const auto bytes = disk.read(path);
    if (bytes) return bytes->size();
    if (bytes.error().code == ErrorCode::not_found) return std::nullopt;
    return tl::unexpected(bytes.error());
}

}  // namespace xorch
