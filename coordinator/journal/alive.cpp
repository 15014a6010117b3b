#include "coordinator/journal/alive.h"

#include <utility>

namespace xorch {

namespace {

constexpr char ended_mark = 'e';

Result<std::unique_ptr<AppendFile>> open_or_create(Disk& disk, const std::string& path) {
    const auto there = disk.exists(path);
    if (!there) return tl::unexpected(there.error());
    return *there ? disk.open_append(path) : disk.create(path);
}

}  // namespace

Result<AliveCounter> AliveCounter::open(Disk& disk, const std::string& path) {
    auto file = open_or_create(disk, path);
    if (!file) return tl::unexpected(file.error());
    return AliveCounter(std::move(*file));
}

Result<void> AliveCounter::bump() {
    if (auto written = file_->append("."); !written) return written;
    return file_->sync();
}

Result<void> mark_ended(Disk& disk, const std::string& path) {
    auto file = open_or_create(disk, path);
    if (!file) return tl::unexpected(file.error());
    if (auto written = (*file)->append(std::string(1, ended_mark)); !written) return written;
    return (*file)->sync();
}

Result<AliveSign> read_alive_sign(Disk& disk, const std::string& path) {
    const auto bytes = disk.read(path);
    if (bytes) return AliveSign{bytes->size(), bytes->find(ended_mark) != std::string::npos};
    if (bytes.error().code == ErrorCode::not_found) return AliveSign{};
    return tl::unexpected(bytes.error());
}

Result<std::optional<std::uint64_t>> read_alive(Disk& disk, const std::string& path) {
    const auto sign = read_alive_sign(disk, path);
    if (!sign) return tl::unexpected(sign.error());
    return sign->counter;
}

}  // namespace xorch
