#include "tools/cli/doctor/probe/folder.h"

#include <fmt/format.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>

#include "core/io/clock.h"

namespace xorch {

namespace {

struct FileSystemName {
    std::uint32_t number;
    const char* name;
};

// f_type of statfs(2); of the last ones, their own sources.
constexpr std::array file_systems{
    FileSystemName{0xEF53,     "ext4"   },
    FileSystemName{0x58465342, "xfs"    },
    FileSystemName{0x9123683E, "btrfs"  },
    FileSystemName{0x2FC12FC1, "zfs"    },
    FileSystemName{0x01021994, "tmpfs"  },
    FileSystemName{0x794C7630, "overlay"},
    FileSystemName{0x65735546, "fuse"   },
    FileSystemName{0x6969,     "nfs"    },
    FileSystemName{0x00C36400, "ceph"   },
    FileSystemName{0x0BD00BD0, "lustre" },
    FileSystemName{0x47504653, "gpfs"   },
    FileSystemName{0x19830326, "beegfs" },
};

std::string type_of(const std::string& folder) {
    struct statfs facts {};

    if (::statfs(folder.c_str(), &facts) != 0) return "unknown";
    const auto number = static_cast<std::uint32_t>(facts.f_type);
    for (const FileSystemName& each : file_systems) {
        if (each.number == number) return each.name;
    }
    return fmt::format("type {:#x}", number);
}

void look_at_space(FolderFacts& facts) {
    struct statvfs space {};

    if (::statvfs(facts.path.c_str(), &space) != 0) {
        // Not known is not none.
        facts.problems.emplace_back("it does not say how much space there is");
        return;
    }
    facts.free = Bytes{std::uint64_t{space.f_bavail} * space.f_frsize};
    facts.counts_files = space.f_files > 0;
    facts.files_free = space.f_favail;
}

// The steps of one trial; the first that fails makes the later ones pointless.
class FolderTrial {
 public:
    FolderTrial(Disk& disk, const std::string& folder, const std::string& name)
        : disk_(disk),
          folder_(folder),
          first_(folder + "/" + name + ".first"),
          second_(folder + "/" + name + ".second"),
          third_(folder + "/" + name + ".third") {}

    Result<void> run() {
        if (auto done = create(); !done) return done;
        if (auto done = link(); !done) return done;
        return rename();
    }

    // What is there, whatever failed.
    void clean() {
        for (const std::string& path : {first_, second_, third_}) {
            if (const auto there = disk_.exists(path); !there || !*there) continue;
            [[maybe_unused]] const auto removed = disk_.remove(path);
        }
    }

    Millis slowest_sync() const { return slowest_; }

 private:
    template <class Sync>
    Result<void> timed(Sync sync) {
        const Millis before = read_clocks().boot;
        auto synced = sync();
        slowest_ = std::max(slowest_, read_clocks().boot - before);
        return synced;
    }

    Result<void> create() {
        auto file = disk_.create(first_);
        if (!file) return tl::unexpected(file.error());
        if (auto written = (*file)->append("journal"); !written) return written;
        if (auto synced = timed([&] { return (*file)->sync(); }); !synced) return synced;
        // An epoch has one owner because a name is made only once.
        const auto again = disk_.create(first_);
        if (again) return fail(ErrorCode::internal, "a file could be created twice (O_EXCL)");
        if (again.error().code != ErrorCode::conflict) return tl::unexpected(again.error());
        return timed([&] { return disk_.sync_directory(folder_); });
    }

    // The one that is there already must win over another file.
    Result<void> link() {
        const auto linked = disk_.link(first_, second_);
        if (!linked) return tl::unexpected(linked.error());
        if (auto made = disk_.create(third_); !made) return tl::unexpected(made.error());
        const auto again = disk_.link(third_, second_);
        if (!again) return tl::unexpected(again.error());
        if (*linked && !*again) return {};
        return fail(ErrorCode::internal, "link(2) does not tell who was first");
    }

    Result<void> rename() {
        if (auto removed = disk_.remove(first_); !removed) return removed;
        auto file = disk_.create(first_);
        if (!file) return tl::unexpected(file.error());
        if (auto written = (*file)->append("newer"); !written) return written;
        if (auto renamed = disk_.rename(first_, second_); !renamed) return renamed;
        const auto text = disk_.read(second_);
        if (!text) return tl::unexpected(text.error());
        if (*text == "newer") return {};
        return fail(ErrorCode::corrupted, "a renamed file does not replace the old one");
    }

    Disk& disk_;
    std::string folder_;
    std::string first_;
    std::string second_;
    std::string third_;
    Millis slowest_{0};
};

}  // namespace

FolderFacts probe_folder(Disk& disk, const std::string& folder, const std::string& name) {
    FolderFacts facts{.path = folder, .type = type_of(folder)};
    FolderTrial trial(disk, folder, name);
    if (const auto done = trial.run(); !done) facts.problems.push_back(done.error().message);
    trial.clean();
    facts.sync = trial.slowest_sync();
    look_at_space(facts);
    return facts;
}

}  // namespace xorch
