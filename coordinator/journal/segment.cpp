#include "coordinator/journal/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "coordinator/journal/members.h"
#include "core/frame.h"
#include "core/json.h"
#include "core/layout.h"

namespace xorch {

namespace {

// The last two digits are the version of the format.
constexpr std::string_view magic = "XORCHJ01";
constexpr std::size_t magic_name_bytes = 6;
constexpr std::string_view suffix = ".log";

// A header is a few hundred bytes; this is generous for long host and job names.
constexpr std::uint64_t header_bytes_max = 64ULL << 10U;

// Reading in pieces of this size keeps memory flat and costs few system calls; larger ones are
// memory that the system must clear each time.
constexpr std::uint64_t piece_bytes = 1ULL << 20U;

// Looking for proof of damage goes in steps of one window, less the overlap: longer frames than the
// overlap may be missed at a border, and the ones after them still tell.
constexpr std::uint64_t window_bytes = 64ULL << 20U;
constexpr std::uint64_t overlap_bytes = 16ULL << 20U;
constexpr std::uint64_t frame_alignment = 8;

std::optional<EpochNumber> parse_segment_name(std::string_view name) {
    if (name.size() < suffix.size() + 6 || !name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    EpochNumber epoch;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), epoch.value);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return std::nullopt;
    if (format_epoch(epoch) != name || epoch.value == 0) return std::nullopt;
    return epoch;
}

// The epoch that left a file beside its segment, which it made after that; 0 for other names.
EpochNumber epoch_beside(std::string_view name) {
    const bool is_beside =
        name.ends_with(".alive") || name.ends_with(".endpoint.json") || name.ends_with(".snap");
    if (!is_beside) return EpochNumber{};
    const std::string stem(name.substr(0, name.find('.')));
    return parse_segment_name(stem + std::string(suffix)).value_or(EpochNumber{});
}

std::optional<Holder> parse_holder(const Value& object) {
    const auto host = find_text(object, "host");
    const auto pid = find_count(object, "pid");
    const auto started = find_count(object, "pid_started");
    const auto job = find_text(object, "job");
    const auto machine = find_text(object, "machine");
    if (!host || !pid || !started || !job || !machine) return std::nullopt;
    return Holder{*host, *pid, *started, *job, *machine};
}

std::optional<SegmentHeader> parse_header(std::string_view json) {
    const auto object = parse_json(json);
    if (!object) return std::nullopt;
    const auto sweep = find_text(*object, "sweep");
    const auto epoch = find_count(*object, "epoch");
    const auto previous = find_count(*object, "previous");
    const auto previous_bytes = find_count(*object, "previous_bytes");
    const auto claim = find_text(*object, "claim");
    const Value* who = object->find("holder");
    const auto holder = who == nullptr ? std::nullopt : parse_holder(*who);
    if (!sweep || !epoch || !previous || !previous_bytes || !claim || !holder) return std::nullopt;
    return SegmentHeader{
        .sweep_hash = *sweep,
        .epoch = EpochNumber{static_cast<std::uint32_t>(*epoch)},
        .previous = EpochNumber{static_cast<std::uint32_t>(*previous)},
        .previous_bytes = *previous_bytes,
        .holder = *holder,
        .claim = *claim,
        .bytes = 0,
    };
}

// Whether any frame in these bytes of the file, which start at `at`, was made when more than
// `durable` bytes were known to be durable.
bool proves_durable(
    EpochNumber epoch, std::string_view bytes, std::uint64_t at, std::uint64_t durable
) {
    std::uint64_t i = 0;
    while (i + frame_header_bytes <= bytes.size()) {
        const auto frame = parse_frame(bytes.substr(i), frame_seed(epoch, at + i));
        if (frame && frame->unsynced <= at + i && at + i - frame->unsynced > durable) return true;
        i += frame ? frame->bytes : frame_alignment;
    }
    return false;
}

}  // namespace

std::string segment_path(const std::string& directory, EpochNumber epoch) {
    return fmt::format("{}/{}{}", directory, format_epoch(epoch), suffix);
}

Result<std::vector<EpochNumber>> list_segments(Disk& disk, const std::string& directory) {
    const auto names = disk.list(directory);
    if (!names) return tl::unexpected(names.error());
    std::vector<EpochNumber> epochs;
    EpochNumber reigned;
    for (const std::string& name : *names) {
        if (const auto epoch = parse_segment_name(name)) epochs.push_back(*epoch);
        reigned = std::max(reigned, epoch_beside(name));
    }
    std::sort(epochs.begin(), epochs.end());
    for (std::uint32_t i = 0; i < epochs.size(); ++i) {
        const EpochNumber expected{i + 1};
        if (epochs[i] == expected) continue;
        return fail_damaged(segment_path(directory, expected), 0, "the file is missing");
    }
    if (epochs.size() >= reigned.value) return epochs;
    // A claim may have come in between, whose segment the listing just missed.
    const std::string newest = segment_path(directory, reigned);
    const auto exists = disk.exists(newest);
    if (!exists) return tl::unexpected(exists.error());
    if (!*exists) return fail_damaged(newest, 0, "the file is missing");
    return list_segments(disk, directory);
}

std::string encode_segment_header(const SegmentHeader& header) {
    const Holder& holder = header.holder;
    const Value json(Object{
        {"sweep",          header.sweep_hash                 },
        {"epoch",          count_value(header.epoch.value)   },
        {"previous",       count_value(header.previous.value)},
        {"previous_bytes", count_value(header.previous_bytes)},
        {"holder",
         Object{
             {"host", holder.host},
             {"pid", count_value(holder.pid)},
             {"pid_started", count_value(holder.pid_started)},
             {"job", holder.job},
             {"machine", holder.machine},
         }                                                   },
        {"claim",          header.claim                      },
    });
    std::string bytes(magic);
    append_frame(
        bytes, format_json(json), {.seed = frame_seed(header.epoch, magic.size()), .unsynced = 0}
    );
    return bytes;
}

Result<SegmentHeader> read_segment_header(
    Disk& disk, const std::string& directory, EpochNumber epoch
) {
    const std::string path = segment_path(directory, epoch);
    const auto bytes = disk.read_range(path, 0, header_bytes_max);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string_view found(*bytes);
    if (found.substr(0, magic_name_bytes) != magic.substr(0, magic_name_bytes)) {
        return fail_damaged(path, 0, "it is no segment of a journal");
    }
    if (found.substr(0, magic.size()) != magic) {
        const std::string root = directory.substr(0, directory.rfind('/'));
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{} has format version {}, this xorch reads {}; run the copy of xorch that the "
                "sweep kept: `{}/xorch resume {}`",
                path,
                found.substr(magic_name_bytes, magic.size() - magic_name_bytes),
                magic.substr(magic_name_bytes),
                root,
                root
            )
        );
    }
    const auto frame = parse_frame(found.substr(magic.size()), frame_seed(epoch, magic.size()));
    auto header = frame ? parse_header(frame->payload) : std::nullopt;
    if (!header || header->epoch != epoch || header->previous.value + 1 != epoch.value) {
        return fail_damaged(path, magic.size(), "its header is not what was written");
    }
    header->bytes = magic.size() + frame->bytes;
    return std::move(*header);
}

Result<std::optional<std::uint64_t>> counted_bytes(
    Disk& disk, const std::string& directory, EpochNumber epoch
) {
    const EpochNumber next{epoch.value + 1};
    const auto succeeded = disk.exists(segment_path(directory, next));
    if (!succeeded) return tl::unexpected(succeeded.error());
    if (!*succeeded) return std::nullopt;
    const auto header = read_segment_header(disk, directory, next);
    if (!header) return tl::unexpected(header.error());
    return header->previous_bytes;
}

std::uint64_t frame_seed(EpochNumber epoch, std::uint64_t offset) {
    constexpr unsigned offset_bits = 40;  // a segment of a terabyte
    return (std::uint64_t{epoch.value} << offset_bits) ^ offset;
}

tl::unexpected<Error> fail_damaged(
    const std::string& path, std::uint64_t offset, std::string_view what
) {
    return fail(
        ErrorCode::corrupted,
        fmt::format(
            "{} is damaged at byte {}: {}. Nothing was changed. Restore the file from a backup, or "
            "start over with `xorch submit --fresh`; `xorch fsck` says what is readable",
            path,
            offset,
            what
        )
    );
}

SegmentReader::SegmentReader(Disk& disk, const std::string& directory, SegmentPlace place)
    : disk_(disk), path_(segment_path(directory, place.epoch)), place_(place) {}

Result<std::optional<SegmentFrame>> SegmentReader::next() {
    if (place_.counts && place_.offset == *place_.counts) return std::nullopt;
    auto bytes = peek(frame_header_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    if (const auto claimed = claimed_frame_bytes(*bytes); claimed && *claimed > bytes->size()) {
        bytes = peek(*claimed);
        if (!bytes) return tl::unexpected(bytes.error());
    }
    const std::uint64_t offset = place_.offset;
    const auto frame = parse_frame(*bytes, frame_seed(place_.epoch, offset));
    if (frame && offset + frame->bytes <= place_.counts.value_or(offset + frame->bytes)) {
        place_.offset += frame->bytes;
        return SegmentFrame{.payload = frame->payload, .offset = offset};
    }
    if (place_.counts) {
        return fail_damaged(path_, offset, "a frame that counts is not what was written");
    }
    const auto damaged = was_durable();
    if (!damaged) return tl::unexpected(damaged.error());
    if (*damaged) return fail_damaged(path_, offset, "a frame is not what was written");
    return std::nullopt;
}

Result<std::string_view> SegmentReader::peek(std::uint64_t bytes) {
    if (place_.offset + bytes > buffer_at_ + buffer_.size()) {
        auto piece = disk_.read_range(path_, place_.offset, std::max(bytes, piece_bytes));
        if (!piece) return tl::unexpected(piece.error());
        buffer_ = std::move(*piece);
        buffer_at_ = place_.offset;
    }
    return std::string_view(buffer_).substr(place_.offset - buffer_at_);
}

Result<bool> SegmentReader::was_durable() {
    std::uint64_t at = place_.offset;
    while (true) {
        const auto bytes = disk_.read_range(path_, at, window_bytes);
        if (!bytes) return tl::unexpected(bytes.error());
        if (proves_durable(place_.epoch, *bytes, at, place_.offset)) return true;
        if (bytes->size() < window_bytes) return false;
        at += window_bytes - overlap_bytes;
    }
}

}  // namespace xorch
