#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/segment.h"
#include "core/frame.h"
#include "core/wire/facts_codec.h"

namespace xorch {

namespace {

constexpr std::uint64_t reserve_bytes = 1ULL << 20U;

// Left-over files of claims that crashed are passed over; so many at once mean something else.
constexpr unsigned temporary_names_max = 1000;

// Says that somebody is about to claim this epoch. Empty, removed by the winner.
std::string announcement_path(const std::string& directory, EpochNumber epoch) {
    return segment_path(directory, epoch) + ".claim";
}

std::string reserve_path(const std::string& directory) {
    return directory + "/reserve";
}

tl::unexpected<Error> fail_taken(EpochNumber epoch) {
    return fail(
        ErrorCode::conflict, fmt::format("another coordinator claimed epoch {}", epoch.value)
    );
}

// The claimant has read bytes of the previous segment that its writer, now gone, may not have
// synced. What the new header says to count must survive whatever that header survives.
Result<void> make_previous_durable(
    Disk& disk, const std::string& directory, const JournalEnd& end
) {
    if (end.epoch.value == 0) return {};
    auto previous = disk.open_append(segment_path(directory, end.epoch));
    if (!previous) return tl::unexpected(previous.error());
    return (*previous)->sync();
}

// A holder that was only stopped may wake up and write while it is being succeeded. It looks for
// the announcement after each sync and before it acknowledges; the claimant looks for new frames
// after it announced itself. So either the claimant sees the frame or the holder does not
// acknowledge it.
Result<void> announce(Disk& disk, const std::string& directory, const JournalEnd& end) {
    const EpochNumber epoch{end.epoch.value + 1};
    const auto made = disk.create(announcement_path(directory, epoch));
    if (!made && made.error().code != ErrorCode::conflict) return tl::unexpected(made.error());
    if (end.epoch.value == 0) return {};
    const SegmentPlace after{.epoch = end.epoch, .offset = end.bytes, .counts = {}};
    const auto more = SegmentReader(disk, directory, after).next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    return fail(
        ErrorCode::unavailable,
        fmt::format("epoch {} has new facts since it was read; read it again", end.epoch.value)
    );
}

struct Temporary {
    std::string path;
    std::string header;  // its content
};

Result<Temporary> write_temporary_header(
    Disk& disk, const std::string& directory, SegmentHeader header
) {
    for (unsigned number = 0; number < temporary_names_max; ++number) {
        const Holder& holder = header.holder;
        header.claim = fmt::format("{}-{}-{}", holder.pid, holder.pid_started, number);
        const std::string path =
            fmt::format("{}.{}.tmp", segment_path(directory, header.epoch), header.claim);
        auto file = disk.create(path);
        if (!file && file.error().code == ErrorCode::conflict) continue;
        if (!file) return tl::unexpected(file.error());
        Temporary made{.path = path, .header = encode_segment_header(header)};
        if (auto written = (*file)->append(made.header); !written) {
            return tl::unexpected(written.error());
        }
        if (auto synced = (*file)->sync(); !synced) return tl::unexpected(synced.error());
        return made;
    }
    return fail(ErrorCode::internal, directory + " is full of unfinished claims (*.tmp)");
}

// `conflict` if a higher epoch exists or is being claimed. The announcement first: it is removed
// only after the segment is there.
Result<void> check_reigning(Disk& disk, const std::string& directory, EpochNumber epoch) {
    const EpochNumber next{epoch.value + 1};
    for (const std::string& path :
         {announcement_path(directory, next), segment_path(directory, next)}) {
        const auto there = disk.exists(path);
        if (!there) return tl::unexpected(there.error());
        if (*there) return fail_taken(next);
    }
    return {};
}

// True if the segment is ours now. A link that failed may have worked all the same: the content
// tells. One that was refused was not made (Disk::link has looked), whatever the content.
Result<bool> link_segment(Disk& disk, const Temporary& temporary, const std::string& path) {
    auto linked = disk.link(temporary.path, path);
    if (linked) return linked;
    const auto there = disk.read(path);
    if (!there) return linked;
    return *there == temporary.header;
}

}  // namespace

Result<void> make_reserve(Disk& disk, const std::string& directory) {
    const std::string path = reserve_path(directory);
    const auto there = disk.exists(path);
    if (!there) return tl::unexpected(there.error());
    if (*there) return {};
    return write_file_atomically(disk, path, std::string(reserve_bytes, '\0'));
}

Result<void> release_reserve(Disk& disk, const std::string& directory) {
    auto removed = disk.remove(reserve_path(directory));
    if (!removed && removed.error().code == ErrorCode::not_found) return {};
    return removed;
}

struct JournalWriter::Content {
    Disk* disk = nullptr;
    std::string directory;
    EpochNumber epoch;

    // Of the thread that stages.
    std::string staged;
    std::uint64_t staged_end = 0;  // where the next frame will be

    // Of the thread that writes.
    std::unique_ptr<AppendFile> file;
    std::optional<Error> dead;

    // Set by the one, read by the other: it only has to become visible some time.
    std::atomic<std::uint64_t> durable{0};
};

JournalWriter::JournalWriter(std::unique_ptr<Content> content) : content_(std::move(content)) {}

JournalWriter::~JournalWriter() = default;
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;
JournalWriter& JournalWriter::operator=(JournalWriter&&) noexcept = default;

Result<JournalWriter> JournalWriter::claim(
    Disk& disk,
    const std::string& directory,
    const JournalEnd& end,
    const Holder& self,
    std::string_view sweep_hash
) {
    if (end.epoch.value != 0 && end.sweep_hash != sweep_hash) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{} belongs to another sweep (its hash is {}, not {}): sweep.toml in this "
                "directory "
                "was changed. Put it back, or submit the changed sweep file as a new sweep",
                directory,
                end.sweep_hash,
                sweep_hash
            )
        );
    }
    const EpochNumber epoch{end.epoch.value + 1};
    if (auto announced = announce(disk, directory, end); !announced) {
        return tl::unexpected(announced.error());
    }
    if (auto synced = make_previous_durable(disk, directory, end); !synced) {
        return tl::unexpected(synced.error());
    }
    const auto temporary = write_temporary_header(
        disk,
        directory,
        {.sweep_hash = std::string(sweep_hash),
         .epoch = epoch,
         .previous = end.epoch,
         .previous_bytes = end.bytes,
         .holder = self,
         .claim = {},
         .bytes = 0}
    );
    if (!temporary) return tl::unexpected(temporary.error());
    const std::string path = segment_path(directory, epoch);
    const auto ours = link_segment(disk, *temporary, path);
    // Best effort: a left-over name is passed over by later claims and harms nobody.
    static_cast<void>(disk.remove(temporary->path));
    if (!ours) return tl::unexpected(ours.error());
    if (!*ours) return fail_taken(epoch);
    if (auto synced = disk.sync_directory(directory); !synced) {
        return tl::unexpected(synced.error());
    }
    // The segment itself says it now. Best effort: left over, it costs nobody anything.
    static_cast<void>(disk.remove(announcement_path(directory, epoch)));
    auto file = disk.open_append(path);
    if (!file) return tl::unexpected(file.error());
    auto content = std::make_unique<Content>();
    content->disk = &disk;
    content->directory = directory;
    content->epoch = epoch;
    content->file = std::move(*file);
    content->staged_end = temporary->header.size();
    content->durable = temporary->header.size();
    return JournalWriter(std::move(content));
}

EpochNumber JournalWriter::epoch() const {
    return content_->epoch;
}

FactLocation JournalWriter::stage(const FactBatch& batch) {
    const std::uint64_t offset = content_->staged_end;
    const std::uint64_t unsynced = offset - content_->durable.load(std::memory_order_relaxed);
    std::string payload;
    encode_facts(batch, payload);
    append_frame(
        content_->staged,
        payload,
        {.seed = frame_seed(content_->epoch, offset),
         .unsynced = static_cast<std::uint32_t>(
             std::min<std::uint64_t>(unsynced, std::numeric_limits<std::uint32_t>::max())
         )}
    );
    content_->staged_end += frame_bytes(payload.size());
    return {.segment = content_->epoch.value, .fact = 0, .offset = offset};
}

std::string JournalWriter::take_staged() {
    return std::exchange(content_->staged, {});
}

Result<void> JournalWriter::write(std::string_view staged) {
    Content& content = *content_;
    if (content.dead) return tl::unexpected(*content.dead);
    const auto attempt = [&]() -> Result<void> {
        if (auto written = content.file->append(staged); !written) return written;
        if (auto synced = content.file->sync(); !synced) return synced;
        return check_reigning(*content.disk, content.directory, content.epoch);
    };
    auto done = attempt();
    if (!done) {
        content.dead = done.error();
        return done;
    }
    content.durable.fetch_add(staged.size(), std::memory_order_relaxed);
    return done;
}

}  // namespace xorch
