#include "coordinator/decide/schedule/takers.h"

#include <algorithm>

#include "core/planted.h"

namespace xorch {

Takers::Takers(const State& state, const Presence& presence, Now now)
    : state_(state),
      presence_(presence),
      now_(now),
      waiting_(awaiting_successors(state, presence, now)),
      trusted_(state, presence, now) {
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        if (agent.runs_alone) reserved_.insert(agent.node);
    }
}

bool Takers::takes_work(const AgentState& agent) const {
    const bool lends = !agent.lends.empty();
    return is_open(agent) && trusted_.may_work(agent.node) && (!lends || is_settled(agent));
}

bool Takers::takes_ranks(const AgentState& agent) const {
    const bool is_blamed = state_.blamed_nodes().contains(agent.node);
    return is_open(agent) && is_settled(agent) && (!is_blamed || trusted_.may_work(agent.node));
}

bool Takers::is_open(const AgentState& agent) const {
    return is_there(state_, presence_, agent, now_) && !waiting_.contains(agent.allocation) &&
           !reserved_.contains(agent.node);
}

bool Takers::is_settled(const AgentState& agent) const {
    if (planted::has(planted::Bug::unsettled_lender)) return true;
    const AgentPresence* seen = presence_.find(agent.incarnation);
    return seen != nullptr && seen->settled_at() <= now_.boot;
}

bool Takers::is_idle(const std::string& node) const {
    const std::vector<std::uint32_t>& present = state_.present_agents();
    return std::all_of(present.begin(), present.end(), [&](std::uint32_t index) {
        const AgentState& agent = state_.agents()[index];
        return agent.node != node || agent.is_idle();
    });
}

}  // namespace xorch
