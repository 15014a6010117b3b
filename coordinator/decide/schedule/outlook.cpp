#include "coordinator/decide/schedule/outlook.h"

#include <algorithm>
#include <queue>

#include "core/capacity.h"

namespace xorch {

namespace {

// What nothing is known about is looked at again after this long.
constexpr Millis unknown_left{1'000};

struct End {
    Millis at;
    UnitKey unit;
    std::uint32_t ranks = 0;

    bool operator<(const End& other) const { return at > other.at; }  // the earliest on top
};

// What of the unit is on the agent's slots.
std::uint32_t ranks_there(const State& state, const AgentState& agent, UnitKey unit) {
    const auto gang = state.gangs().find(unit);
    if (gang == state.gangs().end()) return 1;
    for (const GangShare& share : gang->second) {
        if (share.agent == agent.incarnation) return share.ranks;
    }
    return 0;
}

}  // namespace

Millis expected_left(const State& state, const Presence& presence, UnitKey unit, Now now) {
    const std::optional<double>& average = presence.duration_ms[unit.stage.value];
    const Millis whole{average ? static_cast<std::int64_t>(*average) : 0};
    const auto running = presence.running.find(unit);
    const bool runs = running != presence.running.end();
    const Millis so_far = runs ? now.boot - running->second.since : Millis{0};
    const Millis left = std::max(whole > so_far ? whole - so_far : so_far, unknown_left);
    const Millis timeout = state.plan().stage(unit.stage).limits.timeout;
    if (timeout == Millis{0}) return left;
    const Millis used = Millis{static_cast<std::int64_t>(state.unit(unit).ran_ms)} + so_far;
    return std::min(left, std::max(timeout - used, unknown_left));
}

Outlook::Outlook(const State& state, const Presence& presence, const AgentState& agent, Now now)
    : state_(&state), agent_(&agent) {
    std::vector<UnitKey> units = agent.lends;
    units.insert(units.end(), agent.holding.begin(), agent.holding.end());
    std::priority_queue<End> ends;
    Capacity used;
    Millis at = now.boot;
    for (const UnitKey unit : units) {
        const Resources& each = state.plan().stage(unit.stage).resources;
        const std::uint32_t ranks = ranks_there(state, agent, unit);
        // What is queued starts when enough of what is before it has ended.
        while (fitting(agent.capacity, used, each) < ranks && !ends.empty()) {
            const End end = ends.top();
            ends.pop();
            at = std::max(at, end.at);
            vacate(used, state.plan().stage(end.unit.stage).resources, end.ranks);
        }
        const End end{at + expected_left(state, presence, unit, now), unit, ranks};
        occupy(used, each, ranks);
        ends.push(end);
        uses_.push_back({end.at, unit.stage, ranks});
    }
    std::sort(uses_.begin(), uses_.end(), [](const Use& a, const Use& b) {
        return a.until > b.until;
    });
}

Capacity Outlook::used_at(Millis moment) const {
    Capacity used;
    for (const Use& use : uses_) {
        if (use.until <= moment) break;
        occupy(used, state_->plan().stage(use.stage).resources, use.ranks);
    }
    return used;
}

std::uint32_t Outlook::ranks_at(Millis moment, const Resources& asked) const {
    return fitting(agent_->capacity, used_at(moment), asked);
}

void Outlook::list_ends(std::vector<Millis>& moments) const {
    for (const Use& use : uses_)
        moments.push_back(use.until);
}

}  // namespace xorch
