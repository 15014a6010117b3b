#pragma once

// A reign over a small sweep without clock, disk or network: time is a number, the journal a list
// of batches that can be replayed, and what is said is taken and looked at. The state's invariants
// are checked after every step.

#include <memory>
#include <string>
#include <vector>

#include "coordinator/decide/reign.h"
#include "tests/coordinator/decide/sweeps.h"

namespace xorch {

class MemoryJournal : public FactSink {
 public:
    Appended append(const FactBatch& batch) override;

    struct Entry {
        FactBatch batch;
        FactLocation at;
    };

    std::vector<Entry> entries;
    std::uint32_t epoch = 1;
};

class Harness {
 public:
    explicit Harness(Sweep sweep);

    // Everything said so far, with the journal durable.
    std::vector<Outgoing> drain();

    // Facts journalled since the last call.
    std::vector<Fact> take_facts();

    IncarnationId join(
        std::uint64_t incarnation = 0xa, const std::string& node = "node-1", std::uint32_t cpus = 2
    );
    void say(IncarnationId from, AgentMessage message);
    void say_all(IncarnationId from, std::vector<AgentMessage> messages);
    void hello(
        IncarnationId from, std::vector<AssignedUnit> holding, std::uint64_t first_report = 1
    );
    void started(IncarnationId from, UnitKey unit);
    void sealed(IncarnationId from, UnitKey unit, std::uint64_t sequence, std::int64_t step);

    // The current attempt of the unit ends so.
    void end(IncarnationId from, UnitKey unit, AttemptEnd how);
    void finish(IncarnationId from, UnitKey unit, const std::string& rows = "{\"x\": 1}\n");
    void request(const std::string& id, const std::string& verb, const std::string& arguments = "");
    void tick_after(Millis passed);

    // A report with its number; numbers count up per agent.
    EndReport report(IncarnationId from, UnitKey unit, std::uint32_t attempt, AttemptEnd how);

    // kill -9 of the coordinator: only what is durable remains, and a new reign replays it.
    void crash();

    const State& state() const { return reign->state(); }

    std::vector<UnitKey> held(IncarnationId agent) const;

    UnitPhase phase(UnitKey unit) const { return state().unit(unit).phase; }

    // Ends everything that is assigned as done until nothing is left to do.
    void run_to_end(IncarnationId agent);

    Now now{Millis{1'000'000}, Millis{1'700'000'000'000}};
    MemoryJournal journal;
    std::unique_ptr<Reign> reign;

 private:
    void check();
    std::uint64_t& next_report(IncarnationId agent);

    Sweep sweep_;
    std::size_t facts_taken_ = 0;
    std::vector<std::pair<IncarnationId, std::uint64_t>> reports_;
};

// Replays the journal into a new state.
State replay(const Sweep& sweep, const MemoryJournal& journal);

template <class What>
std::vector<What> all_of(const std::vector<Fact>& facts) {
    std::vector<What> found;
    for (const Fact& fact : facts) {
        if (const auto* what = std::get_if<What>(&fact)) found.push_back(*what);
    }
    return found;
}

// Messages of one kind for any agent.
template <class What>
std::vector<What> told(const std::vector<Outgoing>& messages) {
    std::vector<What> found;
    for (const Outgoing& message : messages) {
        const auto* to = std::get_if<ToAgent>(&message);
        const auto* what = to == nullptr ? nullptr : std::get_if<What>(&to->message);
        if (what != nullptr) found.push_back(*what);
    }
    return found;
}

template <class What>
std::vector<What> said(const std::vector<Outgoing>& messages) {
    std::vector<What> found;
    for (const Outgoing& message : messages) {
        if (const auto* what = std::get_if<What>(&message)) found.push_back(*what);
    }
    return found;
}

}  // namespace xorch
