#include "coordinator/loop.h"

#include <fmt/format.h>
#include <poll.h>

#include <utility>

#include "coordinator/recovery.h"
#include "coordinator/serve/reign_loop.h"

namespace xorch {
namespace {

// What a probe writes: as much as a busy reign journals in a moment, so that it does not start only
// to fail again.
constexpr std::size_t probe_bytes = 1U << 20U;

// Failures that pass: the disk is full, or the file system had a bad moment. Anything else (another
// coordinator, a damaged journal, keys that others can read) is for people.
bool may_pass(const Error& error) {
    switch (error.code) {
        case ErrorCode::no_space:
        case ErrorCode::unavailable:
        case ErrorCode::internal:
            return true;
        case ErrorCode::usage:
        case ErrorCode::invalid_input:
        case ErrorCode::not_found:
        case ErrorCode::conflict:
        case ErrorCode::corrupted:
            return false;
    }
    return false;
}

Result<void> try_disk(Disk& disk, const SweepLayout& layout) {
    const std::string path = layout.journal() + "/probe";
    auto written = write_file_atomically(disk, path, std::string(probe_bytes, '\0'));
    if (!written) return written;
    return disk.remove(path);
}

class Coordinator {
 public:
    struct Seams {
        const CoordinatorSettings& settings;
        const Sweep& sweep;
        Backend& backend;
        Disk& disk;
        StopSource& stop;
    };

    explicit Coordinator(Seams seams) : seams_(seams) {}

    Result<ReignOutcome> run() {
        bool reigned = false;
        while (true) {
            auto outcome = reign(reigned);
            if (outcome || !reigned || !may_pass(outcome.error())) return outcome;
            if (wishes_.count > 0 && ended_without_disk_) return outcome;
            await_disk(outcome.error());
        }
    }

 private:
    // Sets `reigned` once a reign began: a first one that cannot begin is the user's to mend, a
    // later one is tried again.
    Result<ReignOutcome> reign(bool& reigned) {
        const ClaimSettings claim{
            .layout = seams_.settings.layout,
            .sweep_hash = seams_.settings.sweep_hash,
            .self = seams_.settings.self,
            .holder_silent = seams_.sweep.tuning.holder_silent,
            .clock = real_clock(),
        };
        auto claimed = claim_epoch(seams_.disk, claim, seams_.sweep);
        if (!claimed) return tl::unexpected(claimed.error());
        keep_reserve();
        auto loop = ReignLoop::start(
            {.settings = &seams_.settings,
             .backend = &seams_.backend,
             .disk = &seams_.disk,
             .stop = &seams_.stop,
             .wishes = &wishes_},
            std::move(*claimed)
        );
        if (!loop) return tl::unexpected(loop.error());
        reigned = true;
        return (*loop)->run();
    }

    // Best effort: without it, a full disk needs space from elsewhere before we can end. A reign
    // that only ends lives on what was kept back.
    void keep_reserve() const {
        if (ended_without_disk_) return;
        const auto kept = make_reserve(seams_.disk, seams_.settings.layout.journal());
        if (!kept) log("no reserve for a full disk: " + kept.error().message);
    }

    // Agents work on and spool meanwhile.
    void await_disk(const Error& why) {
        log(fmt::format(
            "the journal cannot be written: {}. Nothing acknowledged is lost; units that run go "
            "on. Free space in {}, or press Ctrl-C to stop; this goes on by itself",
            why.message,
            seams_.settings.layout.root
        ));
        while (!try_disk(seams_.disk, seams_.settings.layout)) {
            pollfd stop{.fd = seams_.stop.descriptor(), .events = POLLIN, .revents = 0};
            poll(&stop, 1, static_cast<int>(seams_.settings.disk_retry_every.count()));
            wishes_.count += seams_.stop.take();
            if (wishes_.count == 0) continue;
            // What was kept back is for the facts that end a reign.
            ended_without_disk_ = true;
            if (auto freed = release_reserve(seams_.disk, seams_.settings.layout.journal());
                !freed) {
                log(freed.error().message);
            }
            return;
        }
        // What was said before may stand nowhere, where the log shares the full disk.
        log("the journal can be written again, after: " + why.message);
    }

    void log(std::string_view line) const {
        if (seams_.settings.log) seams_.settings.log(line);
    }

    Seams seams_;
    StopWishes wishes_;
    bool ended_without_disk_ = false;
};

}  // namespace

Result<ReignOutcome> run_coordinator(
    const CoordinatorSettings& settings,
    const Sweep& sweep,
    Backend& backend,
    Disk& disk,
    StopSource& stop
) {
    return Coordinator({settings, sweep, backend, disk, stop}).run();
}

}  // namespace xorch
