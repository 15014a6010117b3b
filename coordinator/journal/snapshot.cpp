#include "coordinator/journal/snapshot.h"

#include <fmt/format.h>

#include "coordinator/journal/members.h"
#include "coordinator/journal/segment.h"
#include "core/frame.h"
#include "core/json.h"

namespace xorch {

namespace {

constexpr std::string_view magic = "XORCHS01";

// As a text: 64 bits do not fit JSON's integers.
std::string format_checksum(std::string_view state) {
    return fmt::format("{:016x}", checksum(state));
}

tl::unexpected<Error> fail_unusable(const std::string& path, std::string_view why) {
    return fail(ErrorCode::corrupted, fmt::format("the snapshot {} {}", path, why));
}

// Whether the journal still says what led to the snapshot.
Result<bool> still_counts(Disk& disk, const SweepLayout& layout, FactLocation position) {
    const EpochNumber epoch{position.segment};
    const auto counts = counted_bytes(disk, layout.journal(), epoch);
    if (!counts) return tl::unexpected(counts.error());
    if (*counts) return position.offset <= **counts;
    const auto size = disk.size(segment_path(layout.journal(), epoch));
    if (!size) return tl::unexpected(size.error());
    return position.offset <= *size;
}

Result<Snapshot> read_usable(Disk& disk, const SweepLayout& layout, const std::string& path) {
    auto snapshot = read_snapshot(disk, path);
    if (!snapshot) return snapshot;
    const auto counts = still_counts(disk, layout, snapshot->position);
    if (!counts) return tl::unexpected(counts.error());
    if (!*counts) return fail_unusable(path, "is of facts that do not count any more");
    return snapshot;
}

}  // namespace

Result<void> write_snapshot(
    Disk& disk, const std::string& path, FactLocation position, std::string_view state
) {
    const Value head(Object{
        {"segment",  count_value(position.segment)},
        {"offset",   count_value(position.offset) },
        {"bytes",    count_value(state.size())    },
        {"checksum", format_checksum(state)       },
    });
    std::string bytes(magic);
    append_frame(bytes, format_json(head));
    bytes.append(state);
    return write_file_atomically(disk, path, bytes);
}

Result<Snapshot> read_snapshot(Disk& disk, const std::string& path) {
    auto bytes = disk.read(path);
    if (!bytes) return tl::unexpected(bytes.error());
    if (!bytes->starts_with(magic)) return fail_unusable(path, "has another format");
    const auto frame = parse_frame(std::string_view(*bytes).substr(magic.size()));
    const auto head = frame ? parse_json(frame->payload) : Result<Value>(Value());
    if (!head) return fail_unusable(path, "is damaged");
    const auto segment = find_count(*head, "segment");
    const auto offset = find_count(*head, "offset");
    const auto size = find_count(*head, "bytes");
    const Value* sum = head->find("checksum");
    if (!segment || !offset || !size || sum == nullptr) return fail_unusable(path, "is damaged");
    bytes->erase(0, magic.size() + frame->bytes);
    if (bytes->size() != *size || *sum != Value(format_checksum(*bytes))) {
        return fail_unusable(path, "is damaged");
    }
    return Snapshot{
        .position = {.segment = static_cast<std::uint32_t>(*segment), .fact = 0, .offset = *offset},
        .state = std::move(*bytes),
    };
}

SnapshotSearch find_snapshot(Disk& disk, const SweepLayout& layout) {
    SnapshotSearch search;
    const auto epochs = list_segments(disk, layout.journal());
    if (!epochs) {
        search.notes.push_back(epochs.error().message);
        return search;
    }
    for (auto epoch = epochs->rbegin(); epoch != epochs->rend() && !search.found; ++epoch) {
        auto snapshot = read_usable(disk, layout, layout.snapshot(*epoch));
        if (snapshot) {
            search.found = std::move(*snapshot);
        } else if (snapshot.error().code != ErrorCode::not_found) {
            search.notes.push_back(snapshot.error().message);
        }
    }
    return search;
}

}  // namespace xorch
