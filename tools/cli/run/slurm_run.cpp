#include "tools/cli/run/slurm_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "coordinator/recovery.h"
#include "coordinator/report/text.h"
#include "coordinator/standby.h"
#include "core/io/posix_disk.h"

namespace xorch {

namespace {

std::string own_job() {
    const char* job = std::getenv("SLURM_JOB_ID");
    return job == nullptr ? "" : job;
}

Result<ExitCode> tell_what_is_queued(const OpenedSweep& opened) {
    PosixDisk disk;
    const auto read = read_state(disk, opened.layout, opened.sweep);
    if (!read) return tl::unexpected(read.error());
    if (read->state.paused()) {
        return fail(ErrorCode::unavailable, "nothing was queued: " + read->state.pause_reason());
    }
    std::vector<std::string> jobs;
    for (const AllocationState& each : read->state.allocations()) {
        if (!each.ended) jobs.push_back(each.job);
    }
    const std::string directory = quote_for_shell(opened.layout.root);
    if (jobs.empty()) {
        return fail(
            ErrorCode::unavailable,
            fmt::format(
                "Slurm took no job now; nothing is lost and nothing waits. Next: `xorch resume {}` "
                "asks again",
                directory
            )
        );
    }
    fmt::print(
        "accepted by Slurm: job {}\nnext: xorch watch {}\n", fmt::join(jobs, ", "), directory
    );
    return ExitCode::complete;
}

}  // namespace

Result<ExitCode> submit_to_slurm(const Context& context, const OpenedSweep& opened) {
    if (opened.sweep.slurm.place == SlurmPlace::host) {
        if (auto started = run_detached(opened.layout); !started) {
            return tl::unexpected(started.error());
        }
        fmt::print(
            "the coordinator runs on this host; next: xorch watch {}\n",
            quote_for_shell(opened.layout.root)
        );
        return ExitCode::complete;
    }
    const auto reigned = run_here(
        context,
        opened,
        {.display = Display::quiet, .on_stop = OnStop::hand_over, .only_submit = true}
    );
    if (!reigned) return reigned;
    if (*reigned != ExitCode::checkpointed && *reigned != ExitCode::incomplete) return reigned;
    return tell_what_is_queued(opened);
}

Result<ExitCode> run_in_allocation(
    const Context& context, const OpenedSweep& opened, AllocationId allocation, bool leaves
) {
    auto stop = SignalStop::make();  // before any thread is started
    if (!stop) return tl::unexpected(stop.error());
    PosixDisk disk;
    const StandbySettings standby{.layout = opened.layout, .allocation = allocation};
    while (true) {
        if (!leaves) {
            const auto stood = stand_by(disk, standby, opened.sweep, **stop);
            if (!stood) return tl::unexpected(stood.error());
            if (*stood == Stood::over) return ExitCode::complete;
            leaves = *stood == Stood::told_to_go;
        }
        if (leaves) {
            const auto over = is_over(disk, standby, opened.sweep);
            if (!over) return tl::unexpected(over.error());
            if (*over) return ExitCode::checkpointed;
        }
        // Also who has to go tries: if nobody reigns, nobody has queued what comes after us.
        const auto reigned = run_here(
            context,
            opened,
            {.display = Display::quiet,
             .on_stop = OnStop::hand_over,
             .stop = stop->get(),
             .job = own_job(),
             .allocation = allocation,
             .leaves_at_once = leaves}
        );
        const bool held = !reigned && reigned.error().code == ErrorCode::conflict;
        if (leaves && held) return ExitCode::checkpointed;
        // Somebody else was quicker, or took over while this process stood still.
        if (held) continue;
        return reigned;
    }
}

}  // namespace xorch
