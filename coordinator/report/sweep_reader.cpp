#include "coordinator/report/sweep_reader.h"

#include <utility>

#include "coordinator/input/sweep_file.h"
#include "coordinator/journal/snapshot.h"

namespace xorch {

namespace {

Result<Plan> read_plan(Disk& disk, const SweepLayout& layout) {
    const auto text = disk.read(layout.sweep_file());
    if (!text) return fail_with_context(text.error(), "reading the sweep");
    auto sweep = parse_frozen(*text, layout);
    if (!sweep) return tl::unexpected(sweep.error());
    return Plan::make(*std::move(sweep));
}

}  // namespace

SweepReader::SweepReader(Disk& disk, SweepLayout layout, State state)
    : disk_(&disk), layout_(std::move(layout)), state_(std::move(state)) {}

Result<SweepReader> SweepReader::open(Disk& disk, SweepLayout layout) {
    auto plan = read_plan(disk, layout);
    if (!plan) return tl::unexpected(plan.error());
    const auto snapshot = find_snapshot(disk, layout).found;
    if (!snapshot) return read(disk, std::move(layout), *std::move(plan));
    auto state = State::load(*std::move(plan), snapshot->state);
    if (state) {
        SweepReader reader(disk, layout, *std::move(state));
        if (reader.replay(snapshot->position)) return reader;
    }
    // A snapshot is a convenience: where it does not help, the journal alone does.
    auto again = read_plan(disk, layout);
    if (!again) return tl::unexpected(again.error());
    return read(disk, std::move(layout), *std::move(again));
}

Result<SweepReader> SweepReader::read(Disk& disk, SweepLayout layout, Plan plan) {
    SweepReader reader(disk, std::move(layout), State(std::move(plan)));
    if (auto replayed = reader.replay({}); !replayed) return tl::unexpected(replayed.error());
    return reader;
}

Result<void> SweepReader::replay(FactLocation from) {
    const auto visit = [this](const FactBatch& batch, FactLocation at) {
        last_unix_ = batch.at_unix;
        return state_.apply(batch, at);
    };
    auto end = replay_journal(*disk_, layout_.journal(), visit, from);
    if (!end) return fail_with_context(end.error(), "reading the journal");
    end_ = *std::move(end);
    return {};
}

Result<Fact> SweepReader::fact(FactLocation at) const {
    return read_fact(*disk_, layout_.journal(), at);
}

}  // namespace xorch
