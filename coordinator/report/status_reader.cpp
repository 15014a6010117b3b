#include "coordinator/report/status_reader.h"

#include <algorithm>

#include "coordinator/journal/claim.h"
#include "coordinator/journal/segment.h"

namespace xorch {

namespace {

// A coordinator that cannot be looked at writes its status every second; this allows for clocks and
// file systems that are some way apart.
constexpr Millis believed_elsewhere{60'000};

bool is_live(const SweepStatus& status) {
    return status.phase == SweepPhase::running || status.phase == SweepPhase::paused;
}

bool is_at_end(Disk& disk, const SweepLayout& layout, const SweepStatus& status) {
    const auto epochs = list_segments(disk, layout.journal());
    if (!epochs || epochs->empty() || epochs->back() != status.epoch) return false;
    const auto size = disk.size(segment_path(layout.journal(), status.epoch));
    return size && *size == status.bytes;
}

// The status file, if what it says may be believed.
Result<SweepStatus> read_status_file(Disk& disk, const SweepLayout& layout, Millis now_unix) {
    const auto text = disk.read(layout.status());
    if (!text) return tl::unexpected(text.error());
    auto status = parse_status(*text);
    if (!status) return status;
    // What followed the last word of a coordinator that is gone is in the journal only.
    const bool is_fresh = is_live(*status) && now_unix >= status->at_unix &&
                          now_unix - status->at_unix <= status_fresh &&
                          !is_abandoned(*status, now_unix);
    if (is_fresh || is_at_end(disk, layout, *status)) return status;
    return fail(ErrorCode::unavailable, "the status file is behind the journal");
}

}  // namespace

SweepStatus status_of(const SweepReader& sweep) {
    const JournalEnd& end = sweep.end();
    const StatusMoment moment{
        .at_unix = sweep.last_unix(),
        .epoch = end.epoch,
        .bytes = end.bytes,
        .ended = end.ended || end.epoch.value == 0,
        .holder = end.holder};
    return make_status(sweep.state(), moment, {});
}

bool is_abandoned(const SweepStatus& status, Millis now_unix) {
    if (!is_live(status)) return false;
    const auto self = this_holder("");
    if (!self) return false;
    switch (find_holder_process(status.holder, *self)) {
        case HolderProcess::here:
            return false;
        case HolderProcess::gone:
            return true;
        case HolderProcess::elsewhere:
            return now_unix - status.at_unix > believed_elsewhere;
    }
    return false;
}

Result<SweepStatus> read_status(Disk& disk, const SweepLayout& layout, Millis now_unix) {
    auto status = read_status_file(disk, layout, now_unix);
    if (!status) {
        const auto sweep = SweepReader::open(disk, layout);
        if (!sweep) return tl::unexpected(sweep.error());
        status = status_of(*sweep);
    }
    if (is_abandoned(*status, now_unix)) {
        // On Slurm another allocation's process takes over by itself.
        const bool goes_on = status->on_slurm && !status->allocations.empty();
        status->phase = goes_on ? SweepPhase::queued : SweepPhase::abandoned;
    }
    return status;
}

}  // namespace xorch
