#include <fmt/format.h>

#include <algorithm>

#include "coordinator/journal/journal.h"
#include "coordinator/journal/segment.h"
#include "core/frame.h"
#include "core/wire/facts_codec.h"

namespace xorch {

namespace {

// Most facts fit into this; a longer one costs a second read.
constexpr std::uint64_t usual_fact_bytes = 4096;

bool ends_epoch(const FactBatch& batch) {
    return !batch.facts.empty() && std::holds_alternative<EpochEnded>(batch.facts.back());
}

struct Visited {
    std::uint64_t bytes = 0;
    bool any = false;
    bool ended = false;
};

// A frame that is whole but says nothing that this program understands.
Error misunderstood(const std::string& path, std::uint64_t offset, const Error& error) {
    return fail_damaged(path, offset, error.message + " (or written by a newer xorch)").value();
}

Result<Visited> visit_segment(
    Disk& disk, const std::string& directory, SegmentPlace place, const FactVisitor& visit
) {
    SegmentReader reader(disk, directory, place);
    Visited visited;
    while (true) {
        const auto frame = reader.next();
        if (!frame) return tl::unexpected(frame.error());
        if (!*frame) break;
        const std::uint64_t offset = (*frame)->offset;
        const auto batch = decode_facts((*frame)->payload);
        if (!batch) {
            const std::string path = segment_path(directory, place.epoch);
            return tl::unexpected(misunderstood(path, offset, batch.error()));
        }
        const FactLocation at{.segment = place.epoch.value, .fact = 0, .offset = offset};
        if (auto went_on = visit(*batch, at); !went_on) return tl::unexpected(went_on.error());
        visited.any = true;
        visited.ended = ends_epoch(*batch);
    }
    visited.bytes = reader.offset();
    return visited;
}

Result<std::vector<SegmentHeader>> read_headers(Disk& disk, const std::string& directory) {
    const auto epochs = list_segments(disk, directory);
    if (!epochs) return tl::unexpected(epochs.error());
    std::vector<SegmentHeader> headers;
    for (const EpochNumber epoch : *epochs) {
        auto header = read_segment_header(disk, directory, epoch);
        if (!header) return tl::unexpected(header.error());
        if (!headers.empty() && header->sweep_hash != headers.front().sweep_hash) {
            return fail_damaged(
                segment_path(directory, epoch), 0, "it belongs to the journal of another sweep"
            );
        }
        headers.push_back(std::move(*header));
    }
    return headers;
}

tl::unexpected<Error> fail_void(FactLocation from) {
    return fail(
        ErrorCode::not_found,
        fmt::format("byte {} of segment {} does not count (any more)", from.offset, from.segment)
    );
}

Result<void> visit_nothing(const FactBatch&, FactLocation) {
    return {};
}

}  // namespace

Result<JournalEnd> replay_journal(
    Disk& disk, const std::string& directory, const FactVisitor& visit, FactLocation from
) {
    const auto headers = read_headers(disk, directory);
    if (!headers) return tl::unexpected(headers.error());
    if (from.segment > headers->size()) return fail_void(from);
    if (headers->empty()) return JournalEnd{};
    Visited newest;
    for (std::size_t i = std::max(from.segment, 1U) - 1; i < headers->size(); ++i) {
        const SegmentHeader& header = (*headers)[i];
        const bool is_first = header.epoch.value == from.segment;
        SegmentPlace place{.epoch = header.epoch, .offset = header.bytes, .counts = {}};
        if (is_first) place.offset = std::max(from.offset, header.bytes);
        if (i + 1 < headers->size()) place.counts = (*headers)[i + 1].previous_bytes;
        const auto size = disk.size(segment_path(directory, header.epoch));
        if (!size) return tl::unexpected(size.error());
        if (place.offset > place.counts.value_or(*size) && is_first) return fail_void(from);
        const auto visited = visit_segment(disk, directory, place, visit);
        if (!visited) return tl::unexpected(visited.error());
        newest = *visited;
    }
    const SegmentHeader& last = headers->back();
    if (!newest.any && from.segment == last.epoch.value && from.offset > last.bytes) {
        // Nothing follows `from`; whether the epoch ended is in what the caller knows already.
        const SegmentPlace whole{.epoch = last.epoch, .offset = last.bytes, .counts = newest.bytes};
        const auto again = visit_segment(disk, directory, whole, visit_nothing);
        if (!again) return tl::unexpected(again.error());
        newest = *again;
    }
    return JournalEnd{
        .epoch = last.epoch,
        .bytes = newest.bytes,
        .ended = newest.ended,
        .holder = last.holder,
        .sweep_hash = last.sweep_hash,
    };
}

Result<Fact> read_fact(Disk& disk, const std::string& directory, FactLocation at) {
    const EpochNumber epoch{at.segment};
    const std::string path = segment_path(directory, epoch);
    auto bytes = disk.read_range(path, at.offset, usual_fact_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    if (const auto claimed = claimed_frame_bytes(*bytes); claimed && *claimed > bytes->size()) {
        bytes = disk.read_range(path, at.offset, *claimed);
        if (!bytes) return tl::unexpected(bytes.error());
    }
    const auto frame = parse_frame(*bytes, frame_seed(epoch, at.offset));
    if (!frame) return fail_damaged(path, at.offset, "there is no whole frame");
    auto batch = decode_facts(frame->payload);
    if (!batch) return tl::unexpected(misunderstood(path, at.offset, batch.error()));
    if (at.fact >= batch->facts.size()) {
        return fail(
            ErrorCode::not_found,
            fmt::format("{} has no fact {} in the frame at byte {}", path, at.fact, at.offset)
        );
    }
    return std::move(batch->facts[at.fact]);
}

Result<AttemptEnd> read_attempt_end(Disk& disk, const std::string& directory, FactLocation at) {
    auto fact = read_fact(disk, directory, at);
    if (!fact) return tl::unexpected(fact.error());
    if (auto* finished = std::get_if<UnitFinished>(&*fact)) return std::move(finished->end);
    if (auto* adopted = std::get_if<UnitAdopted>(&*fact)) return std::move(adopted->end);
    if (auto* hopeless = std::get_if<UnitFoundHopeless>(&*fact)) return std::move(hopeless->end);
    return fail(ErrorCode::corrupted, "the journal holds something else");
}

}  // namespace xorch
