#include "coordinator/standby.h"

#include <poll.h>

#include "coordinator/journal/segment.h"
#include "coordinator/recovery.h"
#include "core/io/clock.h"

namespace xorch {

Result<bool> is_over(Disk& disk, const StandbySettings& settings, const Sweep& sweep) {
    const auto read = read_state(disk, settings.layout, sweep);
    if (!read) return tl::unexpected(read.error());
    const auto& all = read->state.allocations();
    const std::uint32_t number = settings.allocation.value;
    return number == 0 || number > all.size() || all[number - 1].ended;
}

bool SilenceWatch::observe(Now now, EpochNumber epoch, const AliveSign& sign) {
    if (sign.marked_ended) return true;
    if (epoch != epoch_ || sign != sign_) {
        epoch_ = epoch;
        sign_ = sign;
        since_ = now.boot;
        return false;
    }
    return now.boot - since_ >= silent_;
}

Result<Stood> stand_by(
    Disk& disk, const StandbySettings& settings, const Sweep& sweep, StopSource& stop
) {
    SilenceWatch watch(sweep.tuning.holder_silent);
    while (true) {
        if (stop.take() > 0) return Stood::told_to_go;
        const auto epochs = list_segments(disk, settings.layout.journal());
        if (!epochs) return tl::unexpected(epochs.error());
        if (epochs->empty()) return Stood::may_claim;
        const auto sign = read_alive_sign(disk, settings.layout.alive(epochs->back()));
        if (!sign) return tl::unexpected(sign.error());
        if (watch.observe(read_clocks(), epochs->back(), *sign)) {
            const auto over = is_over(disk, settings, sweep);
            if (!over) return tl::unexpected(over.error());
            return *over ? Stood::over : Stood::may_claim;
        }
        pollfd waiting{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
        poll(&waiting, 1, static_cast<int>(settings.look_every.count()));
    }
}

}  // namespace xorch
