#pragma once

// What a Reign consists of. Live turns effects into journal entries and messages that wait for
// them, and carries events to the rules; reign.cpp is its public face. Loop thread only.

#include <deque>
#include <span>
#include <vector>

#include "coordinator/decide/reign.h"
#include "coordinator/decide/rules/rules.h"

namespace xorch {

// What an agent holds at a moment.
struct HeldAttempt {
    IncarnationId agent;
    AssignedUnit attempt;
};

// The unit that a report is about; nullptr for other messages.
const UnitKey* unit_of(const AgentMessage& message);

// A gang as it was before a batch of facts was applied.
struct HeldGang {
    AssignedUnit attempt;
    UnitId id;
    std::vector<GangShare> shares;
};

struct Reign::Live {
    Live(State the_state, EpochNumber epoch, FactSink& the_sink, Now now)
        : state(std::move(the_state)), sink(the_sink), presence(state, epoch, now) {
        for (const std::uint32_t index : state.present_agents())
            spools_wanted.push_back(state.agents()[index].incarnation);
    }

    void perform(Now now, Effects effects);

    // leftovers.cpp: what ends without its agent's report, and what gangs leave on other nodes
    std::vector<HeldAttempt> takeable_units(const FactBatch& batch) const;
    std::vector<HeldGang> held_gangs(const FactBatch& batch) const;
    void stop_taken_units(Now now, const std::vector<HeldAttempt>& held, Effects& effects);
    void end_ranks(
        Now now, const std::vector<HeldGang>& held, const FactBatch& batch, Effects& effects
    );
    void take(Now now, IncarnationId agent, AssignedUnit attempt, Millis lives_for);
    void renew_taken(Now now, IncarnationId agent);
    Millis unheard_for() const;
    void remember_superseded(Now now, IncarnationId agent, const Effects& said);
    void lose_leavers(Now now);

    void go_on(Now now);
    void take_reports(Now now, IncarnationId from, std::span<const AgentMessage> messages);
    std::vector<AgentMessage> receive(IncarnationId from, std::span<const AgentMessage> reports);
    Effects hear_end(Now now, IncarnationId from, EndReport report);
    void hear(Now now, IncarnationId from, const AgentMessage& message);
    void hear_started(Now now, IncarnationId from, const AttemptStarted& started);
    void greet(Now now, const AgentHello& hello);
    void hear_heartbeat(Now now, IncarnationId from, const AgentHeartbeat& beat);
    void lose(Now now, IncarnationId agent, const AgentEnd& end);
    CoordinatorHeartbeat heartbeat_for(const AgentState& agent, Now now) const;
    void send_heartbeats(Now now);
    void acknowledge(IncarnationId to);
    void send_home(IncarnationId who, std::span<const AgentMessage> messages);
    bool is_present(IncarnationId agent) const;

    // Sent in order, each when everything before it in the journal is durable.
    struct Waiting {
        std::uint64_t sequence = 0;
        Outgoing message;
    };

    State state;
    FactSink& sink;
    Presence presence;
    std::deque<Waiting> outbox;
    std::vector<Outgoing> urgent;  // rests on nothing
    std::uint64_t appended = 0;
    std::uint64_t durable = 0;
    std::vector<IncarnationId> spools_wanted;
    bool ended = false;
    bool ticked = false;
};

}  // namespace xorch
