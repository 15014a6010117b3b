#pragma once

// The reign of one coordinator without its I/O: events in, facts and messages out. Decide, persist,
// apply, speak: every event is turned into facts by plain functions over `const State&`
// (reactions_*.cpp), the facts go to the journal and are applied at once, and whatever rests on
// them waits here until the journal says that they are durable. The loop (coordinator/loop.h) and
// the simulation drive the same object. Loop thread only.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/decide/state.h"
#include "core/allocation.h"
#include "core/facts.h"
#include "core/ids.h"
#include "core/layout.h"
#include "core/messages.h"
#include "core/time.h"

namespace xorch {

struct Appended {
    std::uint64_t sequence = 0;  // 1, 2, ...; durable when on_durable() named it or a later one
    FactLocation at;
};

// The journal as the reign sees it. append() never blocks and never fails here: a journal that
// cannot write ends the reign (the loop drops this object and starts over from what is durable).
class FactSink {
 public:
    virtual ~FactSink() = default;
    virtual Appended append(const FactBatch& batch) = 0;
};

// A message for an agent. Assign travels as keys only; the loop completes it with assignment() just
// before sending.
struct AssignKeys {
    std::vector<AssignedUnit> units;
    bool alone = false;
};

struct ToAgent {
    IncarnationId to;
    std::variant<
        AssignKeys,
        Welcome,
        StopAttempt,
        Acknowledge,
        CoordinatorHeartbeat,
        Leave,
        EndRanks>
        message;
};

struct Notification {
    std::string event;  // "done", "paused", "stranded", "first_failure"
    std::string text;
};

// `unit` is another name of a unit that is done: read the fact at `from` (UnitFinished or
// UnitAdopted) and hand its end to on_adopted().
struct AdoptionWanted {
    UnitKey unit;
    UnitKey same;
    FactLocation from;
};

using Outgoing = std::
    variant<ToAgent, ClientReply, StartAllocation, EndAllocation, Notification, AdoptionWanted>;

class Reign {
 public:
    // `state` is what the journal of earlier epochs adds up to, spools of dead agents not yet read.
    Reign(State state, EpochNumber epoch, FactSink& sink, Now now);
    ~Reign();

    // This process is a part of that allocation.
    void runs_in(AllocationId allocation);

    // A person started this process: what the batch system refused for good is asked for again.
    void ask_anew(Now now);

    void on_agent_message(Now now, IncarnationId from, const AgentMessage& message);

    // The messages of one frame, in order. Cheaper than one by one: ends share a batch of facts.
    void on_agent_messages(Now now, IncarnationId from, std::span<const AgentMessage> messages);

    // Reports found in the spool of an agent that is gone or was known to an earlier epoch. To be
    // called for every spool that take_spools_wanted() named, also if it is empty: the agent's
    // units are not tried again before (or 2 s later).
    void on_spooled(Now now, IncarnationId from, const std::vector<AgentMessage>& reports);

    // One answer of the batch system: nothing is decided before all of it is known. A job that it
    // names and calls ended in the same breath is nobody's heir.
    void on_allocations(Now now, const std::vector<AllocationEvent>& events);

    void on_allocation(Now now, const AllocationEvent& event) { on_allocations(now, {event}); }

    void on_request(Now now, const ClientRequest& request);

    // Results known from elsewhere: AdoptionWanted, or units of an earlier sweep. Units that are
    // not waiting or ready are left as they are.
    void on_adopted(Now now, const std::vector<UnitAdopted>& units);

    // Ctrl-C or hang-up: checkpoint and stop. `at_once` the second time.
    void on_stop_requested(Now now, bool at_once);

    // This process has to go, the sweep goes on: the epoch ends, agents and allocations stay for
    // the next one. If the allocation `leaves` goes with this process, the epoch ends only once
    // another one is queued, or the batch system took too long to say; 0 = none goes.
    void on_hand_over(Now now, AllocationId leaves = {});

    // Whether the batch system has yet to say whether it takes what was asked for, or to name the
    // allocations that earlier reigns left. For a reign that only submits.
    bool awaits_batch_system(Now now) const;

    // Time passed: silent agents, canary waves, retry delays, selections, new work for idle agents.
    void on_tick(Now now);

    // The journal holds everything up to this sequence.
    void on_durable(Now now, std::uint64_t sequence);

    // What may be said now, in order; empties the outbox.
    std::vector<Outgoing> take();

    // When on_tick should be called at the latest, on the boot clock.
    Millis next_tick() const;

    // Agents whose spool the loop should read now (they died or fell silent), and forget here.
    std::vector<IncarnationId> take_spools_wanted();

    const State& state() const;

    // Units that agents say are running now, with pid and start on the boot clock; for the live
    // display.
    struct Running {
        AssignedUnit unit;
        IncarnationId agent;
        Millis since_boot{0};
    };

    std::vector<Running> running() const;

    // The sweep is complete, or everything stopped on request, EpochEnded is durable and everything
    // was said.
    bool finished() const;

 private:
    struct Live;
    std::unique_ptr<Live> live_;
};

// The wire form of one assignment: parameters, seed and the records of inputs, whose
// directories `layout` names. `rows` reads the rows of a UnitFinished or UnitAdopted fact back from
// the journal. A unit whose inputs do not fit a frame is an
// error.
class RowSource {
 public:
    virtual ~RowSource() = default;
    virtual Result<std::string> rows(FactLocation at) = 0;
};

// Whether what was decided can still be said: a gang that ended meanwhile has no nodes any more.
bool may_be_sent(const State& state, AssignedUnit unit);

Result<Assignment> assignment(
    const State& state, AssignedUnit unit, bool alone, const SweepLayout& layout, RowSource& rows
);

}  // namespace xorch
