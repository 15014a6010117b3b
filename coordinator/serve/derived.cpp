#include "coordinator/serve/derived.h"

#include <algorithm>
#include <utility>

#include "coordinator/journal/snapshot.h"

namespace xorch {
namespace {

// Tables of a million units take seconds of a CPU that units could have: a tenth of the time at
// most.
constexpr int rest_after_tables = 9;

std::vector<LiveUnit> live_units(const Reign& reign, Now now) {
    std::vector<LiveUnit> live;
    for (const Reign::Running& each : reign.running()) {
        live.push_back({.unit = each.unit, .since_unix = now.unix - (now.boot - each.since_boot)});
    }
    return live;
}

}  // namespace

void Derived::poll(Now now) {
    poll_snapshot();
    poll_status(now);
    poll_tables(now);
}

Millis Derived::next_poll() const {
    return settings_.write_tables ? std::min(status_due_, tables_due_) : status_due_;
}

SweepStatus Derived::finish(Now now) {
    take_snapshot();
    send_snapshot();
    SweepStatus status = compose_status(now, true);
    send_status(status);
    parts_.errands->finish();
    parts_.tables_errands->finish();
    if (settings_.progress) settings_.progress(status);
    return status;
}

SweepStatus Derived::compose_status(Now now, bool ended) const {
    const FactLocation at = parts_.journal->durable_end();
    const StatusMoment moment{
        .at_unix = now.unix,
        .epoch = parts_.journal->epoch(),
        .bytes = at.offset,
        .ended = ended,
        .holder = settings_.self,
    };
    return make_status(parts_.reign->state(), moment, live_units(*parts_.reign, now));
}

void Derived::poll_status(Now now) {
    if (now.boot < status_due_) return;
    status_due_ = now.boot + settings_.status_every;
    // A slow disk gets a newer status later instead of a queue of old ones.
    if (status_under_way_) return;
    const SweepStatus status = compose_status(now, false);
    send_status(status);
    if (settings_.progress) settings_.progress(status);
}

void Derived::send_status(const SweepStatus& status) {
    status_under_way_ = true;
    parts_.errands->send(
        [this,
         disk = parts_.disk,
         path = settings_.layout.status(),
         text = format_status_json(status)]() -> Errands::Report {
            return [this, written = write_file_atomically(*disk, path, text)] {
                status_under_way_ = false;
                const std::string problem = written ? std::string() : written.error().message;
                if (!problem.empty() && problem != last_problem_) {
                    settings_.log("the status file cannot be written: " + problem);
                }
                last_problem_ = problem;
            };
        }
    );
}

void Derived::poll_tables(Now now) {
    if (!settings_.write_tables) return;
    if (tables_under_way_) {
        const Millis took = now.boot - tables_began_;
        tables_due_ = now.boot + std::max(settings_.tables_every, rest_after_tables * took);
        return;
    }
    if (now.boot < tables_due_) return;
    tables_due_ = now.boot + settings_.tables_every;
    if (parts_.journal->durable_end() == tables_of_) return;
    tables_of_ = parts_.journal->durable_end();
    tables_began_ = now.boot;
    send_tables();
}

void Derived::send_tables() {
    tables_under_way_ = true;
    parts_.tables_errands->send([this, write = settings_.write_tables]() -> Errands::Report {
        return [this, written = write()] {
            tables_under_way_ = false;
            if (!written) settings_.log("tables: " + written.error().message);
        };
    });
}

void Derived::poll_snapshot() {
    const std::uint64_t facts = parts_.journal->facts() - facts_at_snapshot_;
    if (!snapshot_ && facts >= settings_.facts_per_snapshot) take_snapshot();
    if (snapshot_ && parts_.journal->durable() >= snapshot_->sequence) send_snapshot();
}

// Only right after a flush: then the state is that of the journal up to flushed_end().
void Derived::take_snapshot() {
    facts_at_snapshot_ = parts_.journal->facts();
    if (parts_.journal->flushed() == 0) return;
    // As often as a reign can afford to look at every unit.
    const auto sound = parts_.reign->state().check_invariants();
    XORCH_CHECK(sound.has_value(), sound.error().message);
    snapshot_ = Pending{
        .sequence = parts_.journal->flushed(),
        .position = parts_.journal->flushed_end(),
        .state = parts_.reign->state().save(),
    };
}

void Derived::send_snapshot() {
    if (!snapshot_) return;
    const std::string path = settings_.layout.snapshot(parts_.journal->epoch());
    parts_.errands->send(
        [this, path, disk = parts_.disk, snapshot = *std::exchange(snapshot_, {})](
        ) -> Errands::Report {
            auto written = write_snapshot(*disk, path, snapshot.position, snapshot.state);
            return [this, written = std::move(written)] {
                if (!written) settings_.log("snapshot: " + written.error().message);
            };
        }
    );
}

}  // namespace xorch
