#pragma once

// The facts of the journal: all that a coordinator decided or learned and that must survive it.
// State is a pure function of these (invariant I15): what can be derived from them is no fact.
// Times in facts are for people; no rule reads them.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/capacity.h"
#include "core/ids.h"
#include "core/sweep.h"
#include "core/time.h"
#include "core/unit.h"

namespace xorch {

struct AllocationIntended {
    AllocationId allocation;
    std::string token;  // names the job at the batch system, so that an intent without a job can be
                        // resolved
    std::uint32_t lane = 0;
    AllocationId after = {};  // the allocation that it succeeds in its lane; 0 = none

    friend bool operator==(const AllocationIntended&, const AllocationIntended&) = default;
};

struct AllocationSubmitted {
    AllocationId allocation;
    std::string job;  // the batch system's id, or the keeper's pid locally

    friend bool operator==(const AllocationSubmitted&, const AllocationSubmitted&) = default;
};

struct AllocationStarted {
    AllocationId allocation;
    Millis end_unix{0};    // 0 = without end
    Millis began_unix{0};  // as the batch system says; 0 = unknown

    friend bool operator==(const AllocationStarted&, const AllocationStarted&) = default;
};

struct AllocationEnded {
    AllocationId allocation;
    std::string reason;

    friend bool operator==(const AllocationEnded&, const AllocationEnded&) = default;
};

struct AgentJoined {
    IncarnationId incarnation;
    AllocationId allocation;
    std::string node;
    Capacity capacity;

    friend bool operator==(const AgentJoined&, const AgentJoined&) = default;
};

// The agent is gone. Its units are given back by facts of their own in the same batch.
struct AgentGone {
    IncarnationId incarnation;
    bool in_order = false;  // it said goodbye; otherwise it died or fell silent
    std::string reason;

    friend bool operator==(const AgentGone&, const AgentGone&) = default;
};

struct AssignedUnit {
    UnitKey unit;
    AttemptNumber attempt;

    friend bool operator==(const AssignedUnit&, const AssignedUnit&) = default;
};

// So many ranks of a gang run on the agent's node and use its slots.
struct GangShare {
    IncarnationId agent;
    std::uint32_t ranks = 0;

    friend bool operator==(const GangShare&, const GangShare&) = default;
};

struct UnitsAssigned {
    IncarnationId incarnation;
    bool alone = false;  // nothing else may run on the node meanwhile: a suspect is being tried
    std::vector<AssignedUnit> units;
    // Of the one unit, if it has several ranks: all of them, in the order of ranks, so that the
    // gang runs whole or not at all. `incarnation` leads it and is the first. Empty = one rank.
    std::vector<GangShare> gang;

    friend bool operator==(const UnitsAssigned&, const UnitsAssigned&) = default;
};

// Where the attempt's output is: logs/<pack>, from offset.
struct OutputLocation {
    std::string pack;  // empty = no output was kept
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const OutputLocation&, const OutputLocation&) = default;
};

// All that an agent knows about an ended attempt.
struct AttemptEnd {
    Cause cause = Cause::none;  // none = done
    int exit_code = 0;
    int signal = 0;       // 0 = exited by itself
    std::string message;  // for people; of a done attempt only what is worth a look (a NaN, a
                          // damaged checkpoint, processes left behind), else empty
    std::string tail;     // last lines of output of a failed attempt, at most 4 KiB
    std::string rows;     // JSON lines; of a done attempt, and of a hopeless one up to the row
                          // that showed it
    // 0 = it never started. A known stop that never started (an agent that leaves gives back its
    // queue so) says nothing about the unit and does not count as a stop.
    Millis started_unix{0};
    Millis ran{0};  // on the agent's own clock
    OutputLocation output;
    std::uint64_t checkpoint_sequence =
        0;  // newest sealed checkpoint of this attempt or resumed from; 0 = none
    std::int64_t checkpoint_step = -1;  // -1 = none
    bool resumed = false;               // it started from a checkpoint
    std::string env_key;
    Bytes memory_peak{0};
    std::string unfit_node;  // from which the other nodes of a gang cannot be reached; mostly empty

    friend bool operator==(const AttemptEnd&, const AttemptEnd&) = default;
};

struct UnitFinished {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;

    friend bool operator==(const UnitFinished&, const UnitFinished&) = default;
};

// The unit got its result, also that it is hopeless, from another one: of this sweep (an equal unit
// of an earlier stage) or of an earlier sweep.
struct UnitAdopted {
    UnitKey unit;
    std::string from;  // "stage/index" or the other sweep's directory
    AttemptEnd end;

    friend bool operator==(const UnitAdopted&, const UnitAdopted&) = default;
};

// The attempt ended, the unit goes on: a known stop, a forgiven failure, a lost agent.
struct UnitGivenBack {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;

    friend bool operator==(const UnitGivenBack&, const UnitGivenBack&) = default;
};

// Final. `end.cause` may be one that no attempt ended with (timeout, no_progress, poison). Units
// that wait for this one become failed(upstream) by applying this fact.
struct UnitFailed {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;

    friend bool operator==(const UnitFailed&, const UnitFailed&) = default;
};

struct CheckpointSealed {
    UnitKey unit;
    AttemptNumber attempt;
    std::uint64_t sequence = 0;
    std::int64_t step = -1;  // -1 = the unit did not say
    Millis took{0};

    friend bool operator==(const CheckpointSealed&, const CheckpointSealed&) = default;
};

struct UnitRange {
    StageIndex stage;
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    friend bool operator==(const UnitRange&, const UnitRange&) = default;
};

inline bool contains(const UnitRange& range, UnitKey unit) {
    return range.stage == unit.stage && unit.index >= range.first &&
           unit.index - range.first < range.count;
}

// Every unit of the ranges that is not final becomes cancelled.
struct UnitsCancelled {
    std::vector<UnitRange> ranges;

    friend bool operator==(const UnitsCancelled&, const UnitsCancelled&) = default;
};

// Every failed or cancelled unit of the ranges gets a new budget, and so do dependants that failed
// with it.
struct UnitsRevived {
    std::vector<UnitRange> ranges;

    friend bool operator==(const UnitsRevived&, const UnitsRevived&) = default;
};

// The canary wave of a stage: 0 = one unit at a time, 1 = four, 2 = all.
struct WaveOpened {
    StageIndex stage;
    std::uint32_t wave = 0;

    friend bool operator==(const WaveOpened&, const WaveOpened&) = default;
};

struct SelectionDecided {
    std::uint32_t select = 0;     // position in the sweep file
    std::vector<UnitKey> chosen;  // best first; empty = refused
    std::string explanation;  // the chain of reasons, for people; a refusal says what was not met

    friend bool operator==(const SelectionDecided&, const SelectionDecided&) = default;
};

struct SweepPaused {
    std::string reason;

    friend bool operator==(const SweepPaused&, const SweepPaused&) = default;
};

struct SweepContinued {
    friend bool operator==(const SweepContinued&, const SweepContinued&) = default;
};

struct NodeBlamed {
    std::string node;
    std::string reason;

    friend bool operator==(const NodeBlamed&, const NodeBlamed&) = default;
};

// A result that did not count: late, or different from the one that did. Kept so that it can be
// looked at.
struct ResultRefused {
    UnitKey unit;
    AttemptNumber attempt;
    std::string reason;
    std::string rows_hash;

    friend bool operator==(const ResultRefused&, const ResultRefused&) = default;
};

// A client's command took effect with the facts of the same batch. A repeated id is answered with
// the same reply.
struct RequestDone {
    std::string request;
    std::string reply;  // JSON

    friend bool operator==(const RequestDone&, const RequestDone&) = default;
};

struct NotificationSent {
    std::string event;
    std::string text;

    friend bool operator==(const NotificationSent&, const NotificationSent&) = default;
};

// The reign ended in good order; anybody may claim the next epoch at once.
struct EpochEnded {
    std::string reason;

    friend bool operator==(const EpochEnded&, const EpochEnded&) = default;
};

// The batch system did not take the allocation: it never was.
struct AllocationRefused {
    AllocationId allocation;
    std::string reason;
    bool for_good = false;  // asking again is in vain until somebody changes something

    friend bool operator==(const AllocationRefused&, const AllocationRefused&) = default;
};

// The unit was done, and its records lack something: it runs again. What they do say stands; the
// new run must agree with it (core/filling.h).
struct UnitReopened {
    UnitKey unit;
    std::string rows;  // that stand

    friend bool operator==(const UnitReopened&, const UnitReopened&) = default;
};

// A [[stop]] rule holds for what the attempt reported (core/stop_rule.h). Final, and neither done
// nor failed: no retry brings the unit back.
struct UnitFoundHopeless {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;

    friend bool operator==(const UnitFoundHopeless&, const UnitFoundHopeless&) = default;
};

// The order of alternatives is the journal's format (core/wire/facts.fbs): append only.
using Fact = std::variant<
    AllocationIntended,
    AllocationSubmitted,
    AllocationStarted,
    AllocationEnded,
    AgentJoined,
    AgentGone,
    UnitsAssigned,
    UnitFinished,
    UnitAdopted,
    UnitGivenBack,
    UnitFailed,
    CheckpointSealed,
    UnitsCancelled,
    UnitsRevived,
    WaveOpened,
    SelectionDecided,
    SweepPaused,
    SweepContinued,
    NodeBlamed,
    ResultRefused,
    RequestDone,
    NotificationSent,
    EpochEnded,
    AllocationRefused,
    UnitReopened,
    UnitFoundHopeless>;

// What one decision made true, all of it or nothing: one frame of the journal.
struct FactBatch {
    Millis at_unix{0};
    std::vector<Fact> facts;
};

}  // namespace xorch
