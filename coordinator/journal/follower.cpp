#include "coordinator/journal/follower.h"

#include <utility>

#include "coordinator/journal/segment.h"
#include "core/wire/facts_codec.h"

namespace xorch {

JournalFollower::JournalFollower(Disk& disk, std::string directory, FactLocation from)
    : disk_(&disk), directory_(std::move(directory)), position_(from) {}

Result<bool> JournalFollower::enter(EpochNumber epoch) {
    const auto there = disk_->exists(segment_path(directory_, epoch));
    if (!there || !*there) return there;
    const auto header = read_segment_header(*disk_, directory_, epoch);
    if (!header) return tl::unexpected(header.error());
    position_ = {.segment = epoch.value, .fact = 0, .offset = header->bytes};
    return true;
}

Result<JournalFollower::News> JournalFollower::poll(const FactVisitor& visit) {
    News news;
    if (position_.segment == 0) {
        const auto entered = enter(EpochNumber{1});
        if (!entered) return tl::unexpected(entered.error());
        if (!*entered) return news;
    }
    while (true) {
        const EpochNumber epoch{position_.segment};
        const auto counts = counted_bytes(*disk_, directory_, epoch);
        if (!counts) return tl::unexpected(counts.error());
        if (*counts && position_.offset > **counts) {
            position_ = {};
            news.restarted = true;
            return news;
        }
        SegmentReader reader(
            *disk_, directory_, {.epoch = epoch, .offset = position_.offset, .counts = *counts}
        );
        while (true) {
            const auto frame = reader.next();
            if (!frame) return tl::unexpected(frame.error());
            if (!*frame) break;
            const auto batch = decode_facts((*frame)->payload);
            if (!batch) {
                return fail_damaged(
                    segment_path(directory_, epoch), (*frame)->offset, batch.error().message
                );
            }
            const FactLocation at{.segment = epoch.value, .fact = 0, .offset = (*frame)->offset};
            if (auto went_on = visit(*batch, at); !went_on) return tl::unexpected(went_on.error());
            position_.offset = reader.offset();
            ++news.batches;
        }
        if (!*counts) return news;
        const auto entered = enter(EpochNumber{epoch.value + 1});
        if (!entered) return tl::unexpected(entered.error());
    }
}

}  // namespace xorch
