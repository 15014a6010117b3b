// Nodes on which units fail that work elsewhere: a broken mount, a full disk, a dead GPU. Such a
// node is idle all the time, and so it would be given one unit after the other.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/decide/rules/rules.h"

namespace xorch {

namespace {

// Failures in a row after which a node waits for what others say about its units.
constexpr std::uint32_t failures_before_doubt = 3;

// Of these, so many must have been done on other nodes before the node is blamed.
constexpr std::uint32_t elsewhere_before_blame = 3;

// Seldom true, and asked at every decision.
bool any_trouble(const State& state) {
    return !state.troubled_nodes().empty() || !state.blamed_nodes().empty();
}

bool is_doubted(const State& state, const std::string& node) {
    if (state.blamed_nodes().contains(node)) return true;
    const auto known = state.troubled_nodes().find(node);
    return known != state.troubled_nodes().end() && known->second.failures >= failures_before_doubt;
}

bool any_waits(const State& state) {
    const std::vector<AllocationState>& all = state.allocations();
    return std::any_of(all.begin(), all.end(), [](const AllocationState& each) {
        return each.submitted && !each.started && !each.ended;
    });
}

}  // namespace

TrustedNodes::TrustedNodes(const State& state, const Presence& presence, Now now) : state_(state) {
    if (!any_trouble(state)) return;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        if (is_doubted(state, agent.node) || !is_there(state, presence, agent, now)) continue;
        Capacity& most = trusted_[agent.node];
        if (most.cpus <= agent.capacity.cpus) most = agent.capacity;
    }
}

bool TrustedNodes::may_work(const std::string& node) const {
    return trusted_.empty() || trusted_.contains(node);
}

bool TrustedNodes::asks_for_another(UnitKey unit, const std::string& node) const {
    const UnitState& known = state_.unit(unit);
    if (!is_own_failure(known.cause) || !state_.troubled_nodes().contains(node)) return false;
    if (state_.agents()[known.agent].node != node) return false;
    const Resources& each = state_.plan().stage(unit.stage).resources;
    return std::any_of(trusted_.begin(), trusted_.end(), [&](const auto& other) {
        return other.first != node && fitting(other.second, {}, each) > 0;
    });
}

bool may_do_without(
    const State& state, const Presence& presence, UnitKey gang, const std::string& node, Now now
) {
    const auto shares = state.gangs().find(gang);
    if (shares == state.gangs().end()) return false;
    const bool is_its_own =
        std::any_of(shares->second.begin(), shares->second.end(), [&](const GangShare& share) {
            return state.find_agent(share.agent)->node == node;
        });
    const std::vector<std::uint32_t>& present = state.present_agents();
    return is_its_own && std::any_of(present.begin(), present.end(), [&](std::uint32_t index) {
               const AgentState& agent = state.agents()[index];
               return agent.node != node && !is_doubted(state, agent.node) &&
                      is_there(state, presence, agent, now);
           });
}

Effects on_blame(const State& state, const Presence& presence, Now now) {
    Effects effects;
    if (!any_trouble(state)) return effects;
    const TrustedNodes trusted(state, presence, now);
    for (const auto& [node, known] : state.troubled_nodes()) {
        const bool is_due = known.elsewhere >= elsewhere_before_blame &&
                            !state.blamed_nodes().contains(node) && trusted.any();
        if (!is_due) continue;
        effects.facts.push_back(NodeBlamed{
            node,
            fmt::format(
                "{} units failed there and were done on other nodes, none was done there",
                known.elsewhere
            )});
    }
    if (!trusted.any() && !any_waits(state)) return effects;
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        const bool is_idle = agent.is_idle() && is_there(state, presence, agent, now);
        if (!is_idle || !state.blamed_nodes().contains(agent.node)) continue;
        Leave leave{.reason = "its node is blamed", .at_once = false};
        effects.messages.push_back(ToAgent{agent.incarnation, std::move(leave)});
    }
    return effects;
}

}  // namespace xorch
