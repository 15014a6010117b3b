#include "core/disk.h"

namespace xorch {

Result<void> write_file_atomically(Disk& disk, const std::string& path, std::string_view bytes) {
    const std::string temporary = path + ".tmp";
    if (auto stale = disk.exists(temporary); stale && *stale) {
        if (auto removed = disk.remove(temporary); !removed) return removed;
    }
    auto file = disk.create(temporary);
    if (!file) return tl::unexpected(file.error());
    if (auto written = (*file)->append(bytes); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto renamed = disk.rename(temporary, path); !renamed) return renamed;
    return disk.sync_directory(path.substr(0, path.find_last_of('/')));
}

}  // namespace xorch
