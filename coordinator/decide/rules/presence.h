#pragma once

// What a reign knows beside the journal's facts: who was heard when, what runs right now, how long
// units take, what waits for a moment. A crash loses it without harm. Owned and changed by Reign,
// read by the rules; loop thread only.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/decide/state.h"
#include "core/time.h"

namespace xorch {

// Was taken from an agent that did not report its end, and may live on there for a while.
struct TakenAttempt {
    AssignedUnit attempt;
    Millis until{0};
};

struct AgentPresence {
    Millis last_heard{0};
    Millis next_heartbeat{0};
    bool greeted = false;           // said hello in this reign
    std::uint64_t next_report = 1;  // lowest report number that was not received
    // Heartbeats in a row in which it named fewer units than it should hold.
    std::uint32_t short_beats = 0;
    bool sent_home = false;  // asked to leave, because there is nothing for it
    bool leaving = false;    // as it says
    Millis greeted_at{0};
    // Goodbye was said while its node lends to gangs: it counts until these have ended.
    std::optional<std::string> farewell{};
    std::vector<TakenAttempt> taken{};

    // When nothing that was taken from it can live on its node any more.
    Millis settled_at() const;
};

struct RunningAttempt {
    AttemptNumber attempt;
    IncarnationId agent;
    Millis since{0};
};

enum class Stopping { no, in_order, at_once };

struct Presence {
    Presence(const State& state, EpochNumber reign, Now now);

    EpochNumber epoch;
    Millis began{0};
    Millis judged{0};  // when the rules last looked at what time alone changes
    bool began_paused = false;
    Stopping stopping = Stopping::no;
    bool handing_over = false;     // another process is to reign; everything else goes on
    AllocationId runs_in;          // the allocation that this process is a part of; 0 = none
    AllocationId leaves;           // the allocation that goes with us; 0 = none does
    Millis hand_over_by{0};        // then the reign ends, whoever comes
    Millis names_awaited{0};       // until when the batch system may still name an heir
    std::uint32_t refusals = 0;    // of allocations, in a row
    Millis ask_again{0};           // no allocation is asked for before
    Millis successors_awaited{0};  // until when units wait for successors to be queued
    std::unordered_map<IncarnationId, AgentPresence> agents;
    std::unordered_map<UnitKey, RunningAttempt> running;
    std::unordered_map<UnitKey, Millis> delayed;     // not to be assigned before
    std::vector<std::optional<double>> duration_ms;  // of a stage's attempts, moving average
    std::map<AllocationId, Millis> allocation_ends;  // on the boot clock; none = without, unknown
    // Allocations that the batch system or an agent named in this reign. What only the journal
    // calls queued may be gone.
    std::set<AllocationId> named;
    std::map<UnitKey, Millis> adoption_asked;  // when AdoptionWanted was said last
    std::vector<IncarnationId> leavers;        // that said goodbye while they lend
    std::vector<bool> selected;                // selections decided in this reign

    const AgentPresence* find(IncarnationId agent) const;

    // Keeps up with a fact that was just applied.
    void observe(const Fact& fact, const State& state, Now now);
    void forget_delays(Now now);

    // The agent's spool was read: its units need not wait for it any longer.
    void on_spool_read(const State& state, IncarnationId agent);

 private:
    void learn_end(AllocationId allocation, Millis end_unix, Now now);
    void on_attempt_over(UnitKey unit, const AttemptEnd& end);
};

}  // namespace xorch
