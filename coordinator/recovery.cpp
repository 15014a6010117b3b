#include "coordinator/recovery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "coordinator/journal/snapshot.h"
#include "core/io/clock.h"

namespace xorch {
namespace {

Result<State> state_of(const Sweep& sweep) {
    auto plan = Plan::make(sweep);
    if (!plan) return tl::unexpected(plan.error());
    return State(std::move(*plan));
}

struct Start {
    State state;
    FactLocation from;
};

// The state of the newest snapshot, or the empty one.
Result<Start> find_start(
    Disk& disk, const SweepLayout& layout, const Sweep& sweep, std::vector<std::string>& notes
) {
    SnapshotSearch search = find_snapshot(disk, layout);
    notes = std::move(search.notes);
    if (search.found) {
        auto plan = Plan::make(sweep);
        if (!plan) return tl::unexpected(plan.error());
        auto state = State::load(std::move(*plan), search.found->state);
        if (state) return Start{.state = std::move(*state), .from = search.found->position};
        notes.push_back("the newest snapshot was passed over: " + state.error().message);
    }
    auto state = state_of(sweep);
    if (!state) return tl::unexpected(state.error());
    return Start{.state = std::move(*state), .from = {}};
}

}  // namespace

Result<ReadState> read_state(Disk& disk, const SweepLayout& layout, const Sweep& sweep) {
    std::vector<std::string> notes;
    auto start = find_start(disk, layout, sweep, notes);
    if (!start) return tl::unexpected(start.error());
    const auto visit = [&](const FactBatch& batch, FactLocation at) {
        return start->state.apply(batch, at);
    };
    const auto end = replay_journal(disk, layout.journal(), visit, start->from);
    if (!end) return fail_with_context(end.error(), "reading the journal");
    return ReadState{.state = std::move(start->state), .end = *end, .notes = std::move(notes)};
}

Result<Claimed> claim_epoch(Disk& disk, const ClaimSettings& settings, const Sweep& sweep) {
    auto read = read_state(disk, settings.layout, sweep);
    if (!read) return tl::unexpected(read.error());
    const HolderWatch::Question question{
        .end = read->end,
        .self = settings.self,
        .process = find_holder_process(read->end.holder, settings.self),
        .silent = settings.holder_silent,
    };
    const auto allowed = await_succession(disk, settings.layout, question, settings.clock);
    if (!allowed) return tl::unexpected(allowed.error());
    // What the holder still wrote while it was watched counts.
    if (HolderWatch(question).must_watch()) {
        read = read_state(disk, settings.layout, sweep);
        if (!read) return tl::unexpected(read.error());
    }
    auto writer = JournalWriter::claim(
        disk, settings.layout.journal(), read->end, settings.self, settings.sweep_hash
    );
    if (!writer) return fail_with_context(writer.error(), "claiming an epoch");
    return Claimed{
        .state = std::move(read->state),
        .writer = std::move(*writer),
        .notes = std::move(read->notes),
    };
}

WaitingClock real_clock() {
    return {
        .now = [] { return read_clocks(); },
        .sleep = [](Millis time) { std::this_thread::sleep_for(time); },
    };
}

}  // namespace xorch
