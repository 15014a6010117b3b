#include "tools/cli/rehearse/directory_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t watched =
    IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_CLOSE_NOWRITE | IN_DONT_FOLLOW | IN_ONLYDIR;
constexpr std::size_t files_max =
    50'000;  // a working directory larger than this is compared in part

std::string join(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + "/" + name;
}

DirectoryEvent::Kind kind_of(std::uint32_t mask) {
    if ((mask & IN_CREATE) != 0) return DirectoryEvent::Kind::created;
    if ((mask & IN_MODIFY) != 0) return DirectoryEvent::Kind::written;
    if ((mask & IN_MOVED_TO) != 0) return DirectoryEvent::Kind::moved_in;
    return DirectoryEvent::Kind::read;
}

}  // namespace

Result<DirectoryWatch> DirectoryWatch::start(const std::string& directory) {
    DirectoryWatch watch(directory);
    watch.descriptor_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch.descriptor_ < 0) {
        return fail_from_errno(
            "watching " + directory + " (see fs.inotify.max_user_instances)", errno
        );
    }
    if (auto added = watch.add(""); !added) return tl::unexpected(added.error());
    std::vector<DirectoryEvent> existing;  // what is there already is no event
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (entry.is_directory(error))
            watch.add_new_folder(entry.path().filename().string(), existing);
    }
    return watch;
}

DirectoryWatch::~DirectoryWatch() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

DirectoryWatch::DirectoryWatch(DirectoryWatch&& other) noexcept
    : root_(std::move(other.root_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      folders_(std::move(other.folders_)) {}

DirectoryWatch& DirectoryWatch::operator=(DirectoryWatch&& other) noexcept {
    std::swap(root_, other.root_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(folders_, other.folders_);
    return *this;
}

Result<void> DirectoryWatch::add(const std::string& relative) {
    const std::string path = join(root_, relative);
    const int watch = ::inotify_add_watch(descriptor_, path.c_str(), watched);
    if (watch < 0)
        return fail_from_errno("watching " + path + " (see fs.inotify.max_user_watches)", errno);
    folders_[watch] = relative;
    return {};
}

void DirectoryWatch::add_new_folder(
    const std::string& relative, std::vector<DirectoryEvent>& events
) {
    if (!add(relative)) return;  // gone again already
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(join(root_, relative), error)) {
        const std::string path = join(relative, entry.path().filename().string());
        const bool folder = entry.is_directory(error);
        events.push_back({DirectoryEvent::Kind::created, path, folder});
        if (folder) add_new_folder(path, events);
    }
}

std::vector<DirectoryEvent> DirectoryWatch::take() {
    std::vector<DirectoryEvent> events;
    alignas(inotify_event) std::array<char, 65536> buffer;
    while (true) {
        const ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
        if (size <= 0) return events;
        for (ssize_t at = 0; at < size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
            const auto folder = folders_.find(event->wd);
            if (folder == folders_.end() || event->len == 0) continue;
            const bool is_folder = (event->mask & IN_ISDIR) != 0;
            const std::string path = join(folder->second, event->name);
            events.push_back({kind_of(event->mask), path, is_folder});
            const bool appeared = (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0;
            if (is_folder && appeared) add_new_folder(path, events);
        }
    }
}

TreeSnapshot take_snapshot(const std::string& directory, const std::string& left_out) {
    TreeSnapshot files;
    std::error_code error;
    const auto options = fs::directory_options::skip_permission_denied;
    auto entry = fs::recursive_directory_iterator(directory, options, error);
    for (; !error && entry != fs::recursive_directory_iterator() && files.size() < files_max;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (entry->is_directory(error)) {
            const bool skipped =
                name.starts_with('.') || name == "__pycache__" || entry->path() == left_out;
            if (skipped || entry->is_symlink(error)) entry.disable_recursion_pending();
            continue;
        }

        struct stat facts {};

        if (::lstat(entry->path().c_str(), &facts) != 0) continue;
        const std::int64_t modified =
            facts.st_mtim.tv_sec * 1'000'000'000LL + facts.st_mtim.tv_nsec;
        files[fs::path(entry->path()).lexically_relative(directory).string()] = {
            static_cast<std::uint64_t>(facts.st_size), modified};
    }
    return files;
}

std::vector<std::string> changed_files(const TreeSnapshot& before, const TreeSnapshot& after) {
    std::vector<std::string> changed;
    for (const auto& [path, stamp] : after) {
        const auto earlier = before.find(path);
        if (earlier == before.end() || !(earlier->second == stamp)) changed.push_back(path);
    }
    return changed;
}

}  // namespace xorch
