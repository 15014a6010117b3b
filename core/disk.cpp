#include "core/disk.h"

namespace xorch {

Result<void> write_file_atomically(Disk& disk, const std::string& path, std::string_view bytes) {
    const std::string temporary = path + ".tmp";
    if (auto stale = disk.exists(temporary); stale && *stale) {
        if (auto removed = disk.remove(temporary); !removed) return removed;
    }
    auto file = disk.create(temporary);
    if (!file) return tl::unexpected(file.error());
    auto written = (*file)->append(bytes);
    if (written) written = (*file)->sync();
    if (!written) {
        // What there is of it would keep a full disk full.
        [[maybe_unused]] const auto removed = disk.remove(temporary);
        return written;
    }
    if (auto renamed = disk.rename(temporary, path); !renamed) return renamed;
    return disk.sync_directory(path.substr(0, path.find_last_of('/')));
}

}  // namespace xorch
