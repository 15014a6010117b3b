#include "tools/cli/run/sweep_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "coordinator/report/tables/tables.h"
#include "core/io/descriptor.h"
#include "core/io/keys.h"
#include "core/io/posix_disk.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr int equal_stamps_max = 1000;

// Whatever the umask: who can write there can put a program in place of ours.
void make_private_directories(const std::string& path, std::error_code& error) {
    if (fs::create_directories(path, error)) {
        fs::permissions(path, fs::perms::owner_all, error);
    }
}

// One copy of each version of the program serves all sweeps of a home through hard links: a sweep
// keeps its version when the user upgrades, and a thousand sweeps do not store it a thousand times.
Result<void> keep_program(
    const std::string& home, const std::string& program, const std::string& link
) {
    struct stat facts {};

    if (::stat(program.c_str(), &facts) != 0)
        return fail_from_errno("looking at " + program, errno);
    const std::string folder = home + "/.programs";
    const std::string kept = fmt::format(
        "{}/{}-{}.{:09}", folder, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec
    );
    std::error_code error;
    if (!fs::exists(kept, error)) {
        const std::string temporary = fmt::format("{}.{}.tmp", kept, ::getpid());
        make_private_directories(folder, error);
        if (!error) fs::copy_file(program, temporary, fs::copy_options::overwrite_existing, error);
        if (!error) fs::rename(temporary, kept, error);
        if (error) return fail_from_errno("copying the program to " + kept, error.value());
    }
    if (::link(kept.c_str(), link.c_str()) == 0) return {};
    fs::copy_file(kept, link, error);  // a file system without hard links
    if (error) return fail_from_errno("copying the program to " + link, error.value());
    return {};
}

Result<void> make_folders(const SweepLayout& layout) {
    for (const std::string& folder :
         {layout.journal(),
          layout.inbox(),
          layout.keys(),
          layout.spool(),
          layout.logs(),
          layout.units(),
          layout.code()}) {
        if (::mkdir(folder.c_str(), 0700) != 0) return fail_from_errno("making " + folder, errno);
    }
    return {};
}

// A file, which may be read-only, or a folder.
Result<void> sync_path(const std::string& path) {
    const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (opened.is_open() && ::fsync(opened.number()) == 0) return {};
    return fail_from_errno("syncing " + path, errno);
}

// What the journal rests on must survive what the journal survives: the code that units run, and
// the names of files and folders. Not the program, which can be put back.
Result<void> make_durable(const SweepLayout& layout) {
    std::error_code error;
    fs::recursive_directory_iterator entry(layout.code(), error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        if (entry->is_symlink()) continue;
        if (auto synced = sync_path(entry->path()); !synced) return synced;
    }
    if (error) return fail_from_errno("reading " + layout.code(), error.value());
    if (auto synced = sync_path(layout.code()); !synced) return synced;
    return sync_path(layout.root);
}

Result<void> fill(
    const SweepLayout& layout, const FrozenSweep& frozen, const NewSweepDirectory& wanted
) {
    if (auto made = make_folders(layout); !made) return made;
    if (auto copied = copy_code(frozen, layout.root); !copied) return copied;
    if (auto kept = keep_program(wanted.home, wanted.program, layout.program()); !kept) return kept;
    if (!wanted.native_program.empty()) {
        auto kept = keep_program(wanted.home, wanted.native_program, layout.native_program());
        if (!kept) return kept;
    }
    PosixDisk disk;
    if (auto written = write_file_atomically(disk, layout.sweep_file(), frozen.text); !written) {
        return written;
    }
    return make_durable(layout);
}

// Gives the finished directory its name: the first free of <name>-<stamp>, -2, -3, ...
Result<SweepLayout> publish(const std::string& temporary, const std::string& wanted) {
    for (int i = 1; i <= equal_stamps_max; ++i) {
        const std::string name = i == 1 ? wanted : fmt::format("{}-{}", wanted, i);
        if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) ==
            0) {
            return SweepLayout{name};
        }
        if (errno == EINVAL && ::access(name.c_str(), F_OK) != 0 &&
            ::rename(temporary.c_str(), name.c_str()) ==
                0) {  // a file system without RENAME_NOREPLACE
            return SweepLayout{name};
        }
        if (errno != EEXIST) return fail_from_errno("naming the sweep's directory " + name, errno);
    }
    return fail(
        ErrorCode::conflict, fmt::format("{} sweeps of one second exist already", equal_stamps_max)
    );
}

}  // namespace

Result<SweepLayout> create_sweep_directory(
    const FrozenSweep& frozen, const NewSweepDirectory& wanted
) {
    std::error_code error;
    make_private_directories(wanted.home, error);
    std::string temporary = wanted.home + "/.new-XXXXXX";
    if (error || ::mkdtemp(temporary.data()) == nullptr) {
        const int reason = error ? error.value() : errno;
        auto failure = fail_from_errno("making a sweep's directory below " + wanted.home, reason);
        failure.value().message +=
            "\nchoose a folder that you may write to: `XORCH_HOME=DIR xorch submit ...`";
        return failure;
    }
    Result<SweepLayout> made = [&]() -> Result<SweepLayout> {
        if (auto filled = fill(SweepLayout{temporary}, frozen, wanted); !filled)
            return tl::unexpected(filled.error());
        const std::string stamp = format_stamp(wanted.unix);
        return publish(temporary, fmt::format("{}/{}-{}", wanted.home, frozen.sweep.name, stamp));
    }();
    if (!made) {
        fs::remove_all(temporary, error);
        return made;
    }
    // From here on facts are acknowledged below this name.
    if (auto synced = sync_path(wanted.home); !synced) return tl::unexpected(synced.error());
    return made;
}

}  // namespace xorch
