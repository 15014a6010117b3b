#pragma once

// Folders that units fill: walked without following links, bounded in size and depth, copied and
// measured. A unit may put anything there; nothing outside is ever touched. Any thread.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

// The kernel stamps files with its last tick, so that a file may seem older than the process that
// wrote it: 10 ms at 100 ticks a second, the slowest that is configured.
inline constexpr Millis stamp_lag{10};

struct TreeFile {
    std::string name;  // relative to the folder, any bytes
    std::uint64_t size = 0;
    std::int64_t changed_ns = 0;  // time of last modification

    friend bool operator==(const TreeFile&, const TreeFile&) = default;
};

// Regular files below `folder`, sorted; if `folder` is itself a regular file, that one, with an
// empty name. Refuses symbolic links, devices, pipes and sockets, and more than 100,000 files, each
// by name.
Result<std::vector<TreeFile>> files_below(const std::string& folder);

// Bytes on disk below the folder, whatever is there; links and what cannot be read count nothing.
// Looks at no more than `entries_max` entries.
Bytes disk_usage(const std::string& folder, std::size_t entries_max);

// Copies those files of `from` into `to` (made if missing). unavailable if a file changed
// meanwhile.
Result<void> copy_files(
    const std::string& from, const std::vector<TreeFile>& files, const std::string& to
);

// Moves a folder; copies and removes where a rename is not possible.
Result<void> move_folder(const std::string& from, const std::string& to);

// Makes the folder and those above it, mode 0700.
Result<void> make_folders(const std::string& path);

// True if there is anything in the folder.
bool has_entries(const std::string& folder);

// Removes it and all below it, following no link; success if it is not there.
Result<void> remove_folder(const std::string& path);

}  // namespace xorch
