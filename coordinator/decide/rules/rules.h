#pragma once

// The rules by which a sweep is run: plain functions from what is known and what happened to what
// becomes fact and what is said. None reads a clock, a file or a socket, none remembers anything.

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/decide/rules/effects.h"
#include "coordinator/decide/rules/presence.h"

namespace xorch {

// ---- agents.cpp ----

Effects on_hello(const State& state, const Presence& presence, const AgentHello& hello, Now now);

// An agent that keeps naming fewer units than it should hold did not get some: they are sent again,
// under the same attempt, which an agent that has them ignores.
Effects on_short_heartbeats(const State& state, const AgentState& agent);

// The agent is gone and its units are given back, or failed as poison. `in_order`: it said goodbye.
struct AgentEnd {
    bool in_order = false;
    std::string reason;
};

// Gangs that they lead, or lend to, are given back as a whole.
Effects on_agents_gone(
    const State& state,
    const Presence& presence,
    const std::vector<const AgentState*>& agents,
    const AgentEnd& end,
    Now now
);

// Its node lends to gangs, and it wants to leave: they are asked to stop in order.
Effects on_lender_leaves(const State& state, const Presence& presence, const AgentState& agent);

// The unit's agents died so often, the last time while it ran alone, that it is no chance.
bool is_to_blame(const State& state, UnitKey unit);

// The agent may be given units: it greeted this reign, was heard lately and stays.
bool is_there(const State& state, const Presence& presence, const AgentState& agent, Now now);

// Units that the state assigns to the agent and that it does not name.
bool lacks_units(const AgentState& agent, const AgentHello& hello);

std::vector<IncarnationId> lost_agents(const State& state, const Presence& presence, Now now);

// ---- attempts.cpp ----

Effects on_end(const State& state, IncarnationId from, const EndReport& report);
Effects on_checkpoint(const State& state, IncarnationId from, const CheckpointReport& report);
Effects on_adopted(const State& state, const UnitAdopted& adopted);

// ---- blame.cpp ----

// Nodes that units can be trusted to: of agents that take work, and nothing speaks against them.
// None is listed as long as nothing speaks against any.
class TrustedNodes {
 public:
    TrustedNodes(const State& state, const Presence& presence, Now now);

    bool any() const { return !trusted_.empty(); }

    // Whether the node gets work at all. Where no node can be trusted, each does.
    bool may_work(const std::string& node) const;

    // Whether a unit that failed on this node goes to another one first: nothing was done there
    // since, and a trusted node is there that could hold the unit.
    bool asks_for_another(UnitKey unit, const std::string& node) const;

 private:
    const State& state_;
    std::map<std::string, Capacity> trusted_;  // with the capacity of its largest agent
};

// Whether a node that keeps a gang's ranks apart can be done without: it is one of the gang's, and
// another one is there to be used.
bool may_do_without(
    const State& state, const Presence& presence, UnitKey gang, const std::string& node, Now now
);

// A node is blamed only for units that were done elsewhere. Agents of blamed nodes leave as soon as
// they are idle, where somebody else is there or comes.
Effects on_blame(const State& state, const Presence& presence, Now now);

// ---- requests.cpp ----

Effects on_request(const State& state, const Presence& presence, const ClientRequest& request);

// ---- reopening.cpp ----

// The arguments of "reopen": {"units": [{"stage", "index", "rows"}]}. Units that are not done, or
// have other rows by now, are left out.
Result<std::vector<UnitReopened>> parse_reopening(const State& state, const Value& arguments);

// ---- requests.cpp ----

// The arguments of "stop": {"at_once": true}.
bool wants_stop_at_once(const ClientRequest& request);

// Canary waves: so many units are tried before the rest of their stage; the wave after these takes
// all.
inline constexpr std::array<std::uint32_t, StageState::last_wave> canaries_of_wave{1, 4};

// ---- progress.cpp: what follows from the state alone ----

// The next decisions that are due: selections, canary waves, adoptions, notifications, a pause.
Effects on_progress(const State& state, const Presence& presence, Now now);

// When on_progress() might see a canary as healthy.
std::optional<Millis> next_healthy_canary(const State& state, const Presence& presence);

// ---- selections.cpp ----

// The next selection whose stage is final; or the pause of a sweep that only waits for a gate.
Effects watch_selections(const State& state, const Presence& presence);

// What somebody who looked says of a gate.
struct GateJudgement {
    std::string gate;
    bool refuses = false;
    std::string note;  // why, for people
};

// Decides the selection that the gate holds, and goes on if that was all the sweep waited for.
// usage if there is no such gate or nothing to decide.
Result<Effects> judge_gate(const State& state, const GateJudgement& judgement);

// ---- fit.cpp ----

// Nothing runs, and what could run asks for more than any agent has: the sweep is paused, or an
// allocation that lost nodes makes room for a whole one.
Effects watch_fit(const State& state, const Presence& presence, Now now);

// ---- lane.cpp ----

// The next allocations that the work deserves, and those that it no longer does.
Effects on_lane(const State& state, const Presence& presence, Now now);

// Whether an allocation other than the one that goes with us will bring who can reign: one that
// waits, or one that runs as far as its agents show. What only the journal calls queued or running
// may have gone since it was written.
bool has_heir(const State& state, const Presence& presence, Now now);

// Whether a reign that is handing over may end: somebody else will come, or nobody is to, or the
// batch system took too long to say.
bool may_hand_over(const State& state, const Presence& presence, Now now);

// The order that carries out an intent.
StartAllocation start_order(const State& state, const AllocationState& allocation);

// Allocations whose agents get no unit yet: the successor that takes over from them is not queued.
// Not for long: a batch system that does not answer stops nobody's work.
std::set<AllocationId> awaiting_successors(const State& state, const Presence& presence, Now now);

Effects on_allocation(
    const State& state, const Presence& presence, const AllocationEvent& event, Now now
);

// ---- ending.cpp ----

// Why the reign is over, or nothing.
std::optional<std::string> why_over(const State& state, const Presence& presence, Now now);
Effects end_reign(const State& state, const Presence& presence, const std::string& reason, Now now);
Effects ask_agents_to_leave(const State& state, const Presence& presence);

// ---- schedule/scheduler.cpp ----

Effects schedule(const State& state, const Presence& presence, Now now);

}  // namespace xorch
