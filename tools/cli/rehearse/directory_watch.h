#pragma once

// What happens in a directory tree while a unit runs: which files are created, written, renamed,
// read. inotify, so it sees this machine's processes only, which is all a rehearsal needs.
// Folders that appear later are watched from then on; a file made in the instant before that is
// reported as created when its folder is first listed. One thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"

namespace xorch {

struct DirectoryEvent {
    enum class Kind { created, written, moved_in, read };  // read: closed and not written
    Kind kind = Kind::created;
    std::string path;  // relative to the watched directory
    bool folder = false;
};

class DirectoryWatch {
 public:
    // The directory must exist. Fails where the user's inotify watches are used up, and says which
    // limit.
    static Result<DirectoryWatch> start(const std::string& directory);
    ~DirectoryWatch();
    DirectoryWatch(DirectoryWatch&& other) noexcept;
    DirectoryWatch& operator=(DirectoryWatch&& other) noexcept;

    // Everything since the last call; never waits.
    std::vector<DirectoryEvent> take();

 private:
    explicit DirectoryWatch(std::string directory) : root_(std::move(directory)) {}

    Result<void> add(const std::string& relative);
    void add_new_folder(const std::string& relative, std::vector<DirectoryEvent>& events);

    std::string root_;
    int descriptor_ = -1;
    std::map<int, std::string> folders_;  // watch -> path relative to root_
};

// Size and time of change of each file of a tree, for finding out what changed in it meanwhile.
struct FileStamp {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

using TreeSnapshot = std::map<std::string, FileStamp>;

// At most `files_max` files; hidden folders, __pycache__ and `left_out` (an absolute path) are not
// entered.
TreeSnapshot take_snapshot(const std::string& directory, const std::string& left_out);

// Files that are new or differ, sorted.
std::vector<std::string> changed_files(const TreeSnapshot& before, const TreeSnapshot& after);

}  // namespace xorch
