#include "worker/attempt/storage/publishing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "core/json.h"
#include "core/record.h"
#include "worker/checkpoint_store.h"
#include "worker/os/process_tree.h"

namespace xorch {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t keep_checkpoints = 2;
constexpr std::uint64_t about_bytes_max = 1U << 20U;

struct Candidate {
    std::string name;
    std::int64_t changed_ns = 0;
    std::int64_t written_ns = 0;  // from its making to its name; 0 = the file system does not say
};

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t nanoseconds(const statx_timestamp& time) {
    return std::int64_t{time.tv_sec} * second_ns + std::int64_t{time.tv_nsec};
}

// A finished folder of that path, or nothing.
std::optional<Candidate> look_at_folder(const std::string& path, std::string name) {
    struct statx status {};

    constexpr unsigned wanted = STATX_TYPE | STATX_MODE | STATX_CTIME | STATX_BTIME;
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, wanted, &status) != 0) return {};
    if (!S_ISDIR(status.stx_mode)) return {};
    Candidate candidate{.name = std::move(name), .changed_ns = nanoseconds(status.stx_ctime)};
    if ((status.stx_mask & STATX_BTIME) != 0) {
        const std::int64_t written = candidate.changed_ns - nanoseconds(status.stx_btime);
        candidate.written_ns = std::max<std::int64_t>(written, 0);
    }
    return candidate;
}

// Finished folders, oldest first. What begins with a dot or ends in .tmp is being written.
std::vector<Candidate> finished_folders(const std::string& publish) {
    std::vector<Candidate> found;
    std::error_code error;
    for (fs::directory_iterator entry(publish, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with('.') || name.ends_with(".tmp")) continue;
        if (auto folder = look_at_folder(entry->path().string(), name)) {
            found.push_back(*std::move(folder));
        }
    }
    std::sort(found.begin(), found.end(), [](const Candidate& left, const Candidate& right) {
        return std::tie(left.changed_ns, left.name) < std::tie(right.changed_ns, right.name);
    });
    return found;
}

// What tools/python/xorch.py says about a checkpoint it wrote.
struct About {
    std::int64_t step = -1;
    std::optional<std::uint64_t> records_bytes;
};

About read_about(Disk& disk, const std::string& folder) {
    About about;
    const auto text = disk.read_range(folder + "/xorch.json", 0, about_bytes_max);
    const auto value = text ? parse_json(*text) : fail(ErrorCode::not_found, "");
    if (!value) return about;
    if (const Value* step = value->find("step"); step != nullptr) {
        if (const auto* number = step->get_if<std::int64_t>()) about.step = *number;
    }
    if (const Value* bytes = value->find("records_bytes"); bytes != nullptr) {
        const auto* number = bytes->get_if<std::int64_t>();
        if (number != nullptr && *number >= 0) {
            about.records_bytes = static_cast<std::uint64_t>(*number);
        }
    }
    return about;
}

Result<void> write_rows(
    Disk& disk, const PublishRequest& request, const About& about, std::int64_t changed_ns
) {
    const auto rows = checkpoint_rows(
        disk, request.rows, {.records_bytes = about.records_bytes, .changed_ns = changed_ns}
    );
    if (!rows) return tl::unexpected(rows.error());
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    auto file = disk.create(folder + "/" + checkpoint_rows_name);
    if (!file) return tl::unexpected(file.error());
    return (*file)->append(*rows);
}

// The files of the checkpoint are in the unsealed folder: add the rows and seal.
Result<About> seal(
    Disk& disk, const PublishRequest& request, const std::string& restore, std::int64_t changed_ns
) {
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    const About about = read_about(disk, folder);
    if (auto written = write_rows(disk, request, about, changed_ns); !written) {
        return fail_with_context(written.error(), "adding the rows written so far");
    }
    const auto files = files_below(folder);
    if (!files) return tl::unexpected(files.error());
    SealRequest sealing{
        .attempt_directory = request.attempt_directory,
        .sequence = request.sequence,
        .step = about.step,
        .restore = restore};
    for (const TreeFile& file : *files)
        sealing.files.push_back(file.name);
    if (auto sealed = seal_checkpoint(disk, sealing); !sealed)
        return tl::unexpected(sealed.error());
    return about;
}

// A half-made checkpoint only takes up space, which may be what went wrong.
void forget_unsealed(const PublishRequest& request, Published& result) {
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    if (auto removed = remove_folder(folder); !removed) {
        result.problems.push_back(removed.error().message);
    }
}

Result<void> prepare_unsealed(const PublishRequest& request) {
    if (auto made = make_folders(request.attempt_directory); !made) return made;
    return remove_folder(unsealed_path(request.attempt_directory, request.sequence));
}

Result<About> take_folder(Disk& disk, const PublishRequest& request, const Candidate& candidate) {
    const std::string path = request.publish + "/" + candidate.name;
    // Refused before it is moved, while its name is still the unit's.
    const auto files = files_below(path);
    if (!files) return tl::unexpected(files.error());
    if (auto prepared = prepare_unsealed(request); !prepared)
        return tl::unexpected(prepared.error());
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    if (auto moved = move_folder(path, folder); !moved) return tl::unexpected(moved.error());
    return seal(disk, request, "", candidate.changed_ns);
}

void take_published(Disk& disk, const PublishRequest& request, Published& result) {
    const std::vector<Candidate> finished = finished_folders(request.publish);
    if (finished.empty()) return;
    const std::string& newest = finished.back().name;
    const auto taken = take_folder(disk, request, finished.back());
    if (taken) {
        result.sealed = true;
        result.step = taken->step;
        result.written = Millis{finished.back().written_ns / 1'000'000};
    } else {
        forget_unsealed(request, result);
        result.problems.push_back(
            fmt::format("checkpoint \"{}\" was not sealed: {}", newest, taken.error().message)
        );
    }
    // Also one that was refused: it would be refused again at every look.
    for (const Candidate& candidate : finished) {
        if (auto removed = remove_folder(request.publish + "/" + candidate.name); !removed) {
            result.problems.push_back(removed.error().message);
        }
    }
}

std::string escape_glob(const std::string& text) {
    std::string escaped;
    for (const char byte : text) {
        if (std::string_view("*?[]\\").find(byte) != std::string_view::npos)
            escaped.push_back('\\');
        escaped.push_back(byte);
    }
    return escaped;
}

std::vector<GlobMatch> matches_below(const std::string& base, const PublishRequest& request) {
    std::vector<GlobMatch> found;
    glob_t paths{};
    const std::string pattern = escape_glob(base) + "/" + request.glob;
    if (::glob(pattern.c_str(), 0, nullptr, &paths) == 0) {
        for (std::size_t i = 0; i < paths.gl_pathc; ++i) {
            GlobMatch match{.path = paths.gl_pathv[i]};
            while (match.path.size() > 1 && match.path.back() == '/')
                match.path.pop_back();
            match.relative = match.path.substr(std::min(base.size() + 1, match.path.size()));
            auto files = files_below(match.path);
            if (!files || files->empty()) continue;
            match.files = std::move(*files);
            if (match.newest_change_ns() >= request.not_before_ns)
                found.push_back(std::move(match));
        }
    }
    ::globfree(&paths);
    return found;
}

bool is_being_written(const GlobMatch& match, const std::vector<pid_t>& processes) {
    return std::any_of(match.files.begin(), match.files.end(), [&](const TreeFile& file) {
        const std::string path = file.name.empty() ? match.path : match.path + "/" + file.name;
        return std::any_of(processes.begin(), processes.end(), [&](pid_t pid) {
            return writes_to(pid, path);
        });
    });
}

Result<About> take_match(Disk& disk, const PublishRequest& request, const GlobMatch& match) {
    if (auto prepared = prepare_unsealed(request); !prepared)
        return tl::unexpected(prepared.error());
    const std::string folder = unsealed_path(request.attempt_directory, request.sequence);
    if (auto made = make_folders(folder); !made) return tl::unexpected(made.error());
    // A copy: the unit may write into its own file again.
    if (auto copied = copy_files(match.path, match.files, folder + "/" + match.relative); !copied) {
        return tl::unexpected(copied.error());
    }
    return seal(disk, request, match.relative, match.newest_change_ns());
}

void take_stable_file(Disk& disk, const PublishRequest& request, Published& result) {
    std::vector<GlobMatch> seen;
    for (const std::string& base : request.bases) {
        seen = matches_below(base, request);
        if (!seen.empty()) break;
    }
    const GlobMatch* newest = nullptr;
    for (const GlobMatch& match : seen) {
        const bool is_new = match.newest_change_ns() > request.state.taken_ns;
        const bool unchanged =
            std::find(request.state.seen.begin(), request.state.seen.end(), match) !=
            request.state.seen.end();
        if (!is_new || (!unchanged && !request.ended)) continue;
        if (newest == nullptr || match.newest_change_ns() > newest->newest_change_ns()) {
            newest = &match;
        }
    }
    if (newest != nullptr && !is_being_written(*newest, request.processes)) {
        const auto taken = take_match(disk, request, *newest);
        if (taken) {
            result.sealed = true;
            result.step = taken->step;
            result.state.taken_ns = newest->newest_change_ns();
        } else if (forget_unsealed(request, result); taken.error().code != ErrorCode::unavailable) {
            result.problems.push_back(
                fmt::format("{} was not sealed: {}", newest->relative, taken.error().message)
            );
            result.state.taken_ns = newest->newest_change_ns();
        }
    }
    result.state.seen = std::move(seen);
}

}  // namespace

std::int64_t GlobMatch::newest_change_ns() const {
    std::int64_t newest = 0;
    for (const TreeFile& file : files)
        newest = std::max(newest, file.changed_ns);
    return newest;
}

Published publish_checkpoints(Disk& disk, PublishRequest request) {
    Published result{.state = request.state, .sequence = request.sequence};
    take_published(disk, request, result);
    if (!result.sealed && !request.glob.empty()) take_stable_file(disk, request, result);
    if (!result.sealed) return result;
    if (auto pruned = prune_checkpoints(disk, request.attempt_directory, keep_checkpoints);
        !pruned) {
        result.problems.push_back("removing old checkpoints: " + pruned.error().message);
    }
    return result;
}

bool has_published(const std::string& publish) {
    return !finished_folders(publish).empty();
}

}  // namespace xorch
