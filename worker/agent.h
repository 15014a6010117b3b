#pragma once

// An agent without its I/O: which attempts it holds, which run, when they must stop, which reports
// are not acknowledged. Messages and the ends of attempts go in; messages, spool lines and orders
// to the attempt runner come out. The loop (worker/agent_loop.h) and the simulation drive the same
// object. Loop thread only.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/ids.h"
#include "core/messages.h"
#include "core/sweep.h"
#include "core/time.h"

namespace xorch {

// Orders to whatever executes attempts (worker/attempt.h; a script in the simulation).
struct StartAttempt {
    Assignment assignment;
    Millis deadline_unix{0};  // for XORCH_DEADLINE; 0 = none
    Millis time_left{0};      // until the unit must have stopped; 0 = none
};

// Ask the attempt to stop: stop file, stop signal; TERM after the grace, KILL after another.
// `at_once` kills.
struct EndAttempt {
    UnitKey unit;
    AttemptNumber attempt;
    Cause cause = Cause::stop_request;
    bool at_once = false;
};

// No rank of a gang that another agent leads may be left on this node, but of these gangs.
struct EndForeignRanks {
    std::vector<LentRanks> but;
};

// EndRanks is the coordinator's own word, about one gang.
using AttemptOrder = std::variant<StartAttempt, EndAttempt, EndRanks, EndForeignRanks>;

// What the executor reports.
struct AttemptRunning {
    UnitKey unit;
    AttemptNumber attempt;
    std::uint64_t pid = 0;
};

struct AttemptSealed {
    CheckpointSealed sealed;
};

// Every process of the attempt is gone.
struct AttemptOver {
    UnitKey unit;
    AttemptNumber attempt;
    AttemptEnd end;
};

using AttemptNews = std::variant<AttemptRunning, AttemptSealed, AttemptOver>;

struct AgentSettings {
    IncarnationId incarnation;
    AllocationId allocation;
    std::string node;
    std::uint64_t pid = 0;
    Capacity capacity;
    Millis allocation_end_boot{0};  // on this machine's boot clock; 0 = without end
};

struct AgentOutput {
    std::vector<AgentMessage> spool;     // append these to the spool before sending `messages`
    std::vector<AgentMessage> messages;  // to the coordinator, if there is a connection
    std::vector<AttemptOrder> orders;
    bool reconnect = false;  // the coordinator is silent: drop the connection and look for it anew
    bool exit = false;       // nothing is left to do: leave the loop (the keeper exits too)
};

class Agent {
 public:
    // `sweep` must outlive the agent.
    Agent(const Sweep& sweep, AgentSettings settings, Now now);
    ~Agent();
    Agent(Agent&&) noexcept;
    Agent& operator=(Agent&&) noexcept;

    // A connection to the coordinator of `epoch` was made (or made again): say hello. Lower epochs
    // than the highest one seen are ignored for ever.
    void on_connected(Now now, EpochNumber epoch);
    void on_disconnected(Now now);
    void on_message(Now now, EpochNumber epoch, const CoordinatorMessage& message);
    void on_attempt(Now now, const AttemptNews& news);

    // The batch system moved the end, or told us with a signal to look again. 0 = without end.
    void on_allocation_end(Now now, Millis end_boot);

    // TERM: preempted. Stop everything now, report, exit.
    void on_terminate(Now now);

    void on_tick(Now now);
    Millis next_tick() const;
    AgentOutput take();

    // Reports that the reigning epoch has not made durable; all that the spool must hold.
    const std::deque<AgentMessage>& unacknowledged() const;

    // For tests and the simulation's I9 and I14: resources of all attempts that have not ended,
    // killed ones included.
    Capacity in_use() const;
    std::vector<AssignedUnit> holding() const;

 private:
    struct Content;
    std::unique_ptr<Content> content_;
};

}  // namespace xorch
