#pragma once

// What agents, clients and the coordinator say to each other: one closed set per direction. The
// codec is in core/wire; a frame holds many messages of one direction and is at most 8 MiB.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/facts.h"
#include "core/ids.h"
#include "core/sweep.h"
#include "core/time.h"
#include "core/unit.h"

namespace xorch {

// ---- agent -> coordinator ----

// First message of a connection, repeated after every reconnect and for every new epoch.
struct AgentHello {
    IncarnationId incarnation;
    AllocationId allocation;
    std::string node;
    std::uint64_t pid = 0;
    Capacity capacity;
    std::vector<AssignedUnit> holding;       // queued or running now
    std::uint64_t first_unacknowledged = 0;  // its reports from here on follow again
    Millis allocation_left{0};               // 0 = without end, or unknown

    friend bool operator==(const AgentHello&, const AgentHello&) = default;
};

struct AgentHeartbeat {
    Millis allocation_left{0};  // 0 = without end
    std::uint32_t running = 0;
    std::uint32_t queued = 0;
    bool leaving = false;  // it takes no more units, and its allocation most likely goes, too

    friend bool operator==(const AgentHeartbeat&, const AgentHeartbeat&) = default;
};

// Not durable and not repeated: for the live display only.
struct AttemptStarted {
    UnitKey unit;
    AttemptNumber attempt;
    std::uint64_t pid = 0;

    friend bool operator==(const AttemptStarted&, const AttemptStarted&) = default;
};

// Reports are numbered per incarnation, kept in the agent's spool and sent again until
// acknowledged.
struct CheckpointReport {
    std::uint64_t sequence = 0;  // of the report
    CheckpointSealed sealed;

    friend bool operator==(const CheckpointReport&, const CheckpointReport&) = default;
};

struct EndReport {
    std::uint64_t sequence = 0;
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;

    friend bool operator==(const EndReport&, const EndReport&) = default;
};

// The agent leaves; it holds nothing any more and all its reports are acknowledged or in its spool.
struct AgentGoodbye {
    std::string reason;

    friend bool operator==(const AgentGoodbye&, const AgentGoodbye&) = default;
};

using AgentMessage = std::
    variant<AgentHello, AgentHeartbeat, AttemptStarted, CheckpointReport, EndReport, AgentGoodbye>;

// ---- coordinator -> agent ----

// Ranks of a gang that another agent leads, and that run on slots of this one.
struct LentRanks {
    UnitId id;
    AttemptNumber attempt;

    friend bool operator==(const LentRanks&, const LentRanks&) = default;
};

// Answer to AgentHello. Attempts named here are no longer current: kill them, report nothing. Of
// gangs led elsewhere only those in `lends` may have ranks here: an EndRanks may have been lost
// with a connection, or with the coordinator that was to say it.
struct Welcome {
    EpochNumber epoch;
    std::vector<AssignedUnit> superseded;
    std::uint64_t acknowledged_through = 0;
    std::vector<LentRanks> lends;

    friend bool operator==(const Welcome&, const Welcome&) = default;
};

// So many ranks of a gang run on this node.
struct RankHost {
    std::string node;
    std::uint32_t ranks = 0;

    friend bool operator==(const RankHost&, const RankHost&) = default;
};

// One attempt at one unit; all that an agent needs beside the frozen sweep.
struct Assignment {
    UnitKey unit;
    AttemptNumber attempt;
    UnitId id;
    std::string params;  // JSON object, in file order
    std::string inputs;  // JSON array for XORCH_INPUTS; empty = none
    std::uint32_t seed = 0;
    bool alone = false;
    Millis timeout_left{0};  // of limits.timeout; 0 = none
    // Of a gang: where its ranks run, in their order, this agent's node first. Empty = one rank.
    std::vector<RankHost> hosts;

    friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct Assign {
    std::vector<Assignment> units;

    friend bool operator==(const Assign&, const Assign&) = default;
};

// Ask (stop file, stop signal, grace, TERM, KILL), or with `at_once` KILL, and report the end with
// `cause`.
struct StopAttempt {
    UnitKey unit;
    AttemptNumber attempt;
    Cause cause = Cause::stop_request;
    bool at_once = false;

    friend bool operator==(const StopAttempt&, const StopAttempt&) = default;
};

// Reports up to and including this one are durable; the agent forgets them.
struct Acknowledge {
    std::uint64_t through = 0;

    friend bool operator==(const Acknowledge&, const Acknowledge&) = default;
};

struct CoordinatorHeartbeat {
    // Until the agent's allocation ends, as the batch system said last; 0 = it said nothing.
    Millis allocation_left{0};

    friend bool operator==(const CoordinatorHeartbeat&, const CoordinatorHeartbeat&) = default;
};

// A gang that another agent led is over: none of its processes may be left on this node. Said
// before what they used is given to anybody.
struct EndRanks {
    UnitId id;
    AttemptNumber attempt;

    friend bool operator==(const EndRanks&, const EndRanks&) = default;
};

// Stop all attempts in order, report, say goodbye, exit; the keeper exits too.
struct Leave {
    std::string reason;
    bool at_once = false;

    friend bool operator==(const Leave&, const Leave&) = default;
};

using CoordinatorMessage =
    std::variant<Welcome, Assign, StopAttempt, Acknowledge, CoordinatorHeartbeat, Leave, EndRanks>;

// ---- client <-> coordinator ----

struct ClientRequest {
    std::string id;         // random, repeated on a retry of the same command
    std::string verb;       // "cancel", "retry", "pause", "continue", "stop", "status"
    std::string arguments;  // JSON

    friend bool operator==(const ClientRequest&, const ClientRequest&) = default;
};

struct ClientReply {
    std::string id;
    bool ok = false;
    std::string text;  // JSON, or the message of the error

    friend bool operator==(const ClientReply&, const ClientReply&) = default;
};

}  // namespace xorch
