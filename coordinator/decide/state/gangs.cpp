// Units with several ranks: their slots are taken on all nodes by one fact, and given back on all
// of them whatever ends the attempt. The leader holds the unit as any agent does; the others lend.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "coordinator/decide/state/content.h"
#include "core/planted.h"

namespace xorch {

namespace {

// With ranks_per_node each node has so many, and the last one what is left.
bool spreads_as_asked(const Resources& asked, const std::vector<GangShare>& shares) {
    if (asked.ranks_per_node == 0) return true;
    return std::all_of(shares.begin(), shares.end(), [&](const GangShare& share) {
        return &share == &shares.back() ? share.ranks <= asked.ranks_per_node
                                        : share.ranks == asked.ranks_per_node;
    });
}

tl::unexpected<Error> broken(std::string_view invariant, UnitKey unit, std::string_view why) {
    return fail(
        ErrorCode::corrupted,
        fmt::format("{} is violated: gang {}/{} {}", invariant, unit.stage.value, unit.index, why)
    );
}

}  // namespace

Result<void> State::Content::check_whole(const UnitsAssigned& fact) const {
    for (const AssignedUnit& each : fact.units) {
        if (each.unit.stage.value >= stages.size()) {
            return impossible(plan, each.unit, "the plan has no such stage");
        }
        if (plan.stage(each.unit.stage).resources.is_gang() == fact.gang.empty()) {
            return impossible(plan, each.unit, "its ranks and its shares do not agree");
        }
    }
    if (fact.gang.empty()) return {};
    if (fact.units.size() != 1) {
        return fail(ErrorCode::corrupted, fmt::format("{} units share a gang", fact.units.size()));
    }
    const UnitKey unit = fact.units.front().unit;
    const Resources& asked = plan.stage(unit.stage).resources;
    if (fact.gang.front().agent != fact.incarnation) {
        return impossible(plan, unit, "its first node does not lead it");
    }
    std::uint64_t ranks = 0;
    std::set<std::uint64_t> seen;
    const AllocationId allocation = agents[agent_index.at(fact.incarnation)].allocation;
    for (const GangShare& share : fact.gang) {
        const auto known = agent_index.find(share.agent);
        const bool is_there = known != agent_index.end() && !agents[known->second].gone &&
                              agents[known->second].allocation == allocation;
        if (!is_there || share.ranks == 0 || !seen.insert(share.agent.value).second) {
            return impossible(
                plan, unit, fmt::format("no ranks can be on {}", format_incarnation(share.agent))
            );
        }
        ranks += share.ranks;
    }
    if (ranks == asked.ranks && spreads_as_asked(asked, fact.gang)) return {};
    return impossible(
        plan, unit, fmt::format("a gang of {} ranks is assigned as one of {}", asked.ranks, ranks)
    );
}

void State::Content::hold_gang(UnitKey unit, const std::vector<GangShare>& shares) {
    for (const GangShare& share : shares) {
        AgentState& agent = agent_of(share);
        agent.load[unit.stage.value] += share.ranks;
        if (&share == &shares.front()) {
            agent.holding.push_back(unit);
        } else {
            lend(agent, unit);
        }
    }
    gangs.emplace(unit, shares);
}

// Sorted, so that it does not tell a state that was loaded from one that lived.
void State::Content::lend(AgentState& agent, UnitKey unit) {
    agent.lends.insert(std::upper_bound(agent.lends.begin(), agent.lends.end(), unit), unit);
}

// The leader does not hold it any more.
void State::Content::release_gang(UnitKey unit) {
    const auto gang = gangs.extract(unit);
    for (const GangShare& share : gang.mapped()) {
        AgentState& agent = agent_of(share);
        const bool leads = &share == &gang.mapped().front();
        if (!leads) std::erase(agent.lends, unit);
        if (leads || !planted::has(planted::Bug::share_kept)) {
            agent.load[unit.stage.value] -= share.ranks;
        }
        if (agent.is_idle()) agent.runs_alone = false;
    }
}

// What was done on several nodes speaks for each of them.
void State::Content::on_done_at_all(UnitKey unit) {
    const auto gang = gangs.find(unit);
    if (gang == gangs.end()) return;
    for (const GangShare& share : gang->second)
        trouble.erase(agent_of(share).node);
}

void State::Content::save_gangs(ByteWriter& out) const {
    out.number(gangs.size());
    for (const auto& [unit, shares] : gangs) {
        out.unit(unit);
        out.number(shares.size());
        for (const GangShare& share : shares) {
            out.number(share.agent.value);
            out.number(share.ranks);
        }
    }
}

void State::Content::load_gangs(ByteReader& in) {
    for (std::size_t n = in.count(); n > 0; --n) {
        const UnitKey unit = in.unit();
        std::vector<GangShare> shares(in.count());
        for (GangShare& share : shares) {
            share.agent.value = in.number();
            share.ranks = static_cast<std::uint32_t>(in.number());
            if (!agent_index.contains(share.agent)) return in.reject();
        }
        const bool is_whole = unit.stage.value < stages.size() && !shares.empty();
        if (!is_whole || !gangs.emplace(unit, std::move(shares)).second) return in.reject();
    }
}

void State::Content::index_gangs() {
    for (const auto& [unit, shares] : gangs) {
        for (const GangShare& share : shares) {
            AgentState& agent = agent_of(share);
            agent.load[unit.stage.value] += share.ranks;
            if (&share != &shares.front()) lend(agent, unit);
        }
    }
}

// What of the unit is on the agent's slots, or queued for them.
std::uint32_t State::Content::ranks_on(const AgentState& agent, UnitKey unit) const {
    const auto gang = gangs.find(unit);
    if (gang == gangs.end()) return 1;
    const std::vector<GangShare>& shares = gang->second;
    const auto share = std::find_if(shares.begin(), shares.end(), [&](const GangShare& each) {
        return each.agent == agent.incarnation;
    });
    return share == shares.end() ? 0 : share->ranks;
}

Result<void> State::Content::check_gangs() const {
    std::size_t lent = 0;
    for (const auto& [unit, shares] : gangs) {
        std::uint64_t ranks = 0;
        for (const GangShare& share : shares) {
            ranks += share.ranks;
            if (auto sound = check_share(unit, share); !sound) return sound;
        }
        lent += shares.size() - 1;
        const Resources& asked = plan.stage(unit.stage).resources;
        if (ranks != asked.ranks || !spreads_as_asked(asked, shares)) {
            return broken("I8", unit, "is not all its ranks");
        }
    }
    std::size_t named = 0;
    for (const AgentState& agent : agents) {
        named += agent.lends.size();
        if (auto fits = check_room(agent); !fits) return fits;
    }
    if (named == lent) return {};
    return fail(ErrorCode::corrupted, "I8 is violated: agents lend to gangs that are not there");
}

Result<void> State::Content::check_share(UnitKey unit, const GangShare& share) const {
    const bool known = unit.index < stages[unit.stage.value].units.size();
    if (!known || at(unit).phase != UnitPhase::assigned) {
        return broken("I8", unit, "has slots and is not assigned");
    }
    const AgentState& agent = agents[agent_index.at(share.agent)];
    const bool leads = &share == &gangs.at(unit).front();
    const bool is_leader = &agent == &agents[at(unit).agent];
    const auto lends = std::count(agent.lends.begin(), agent.lends.end(), unit);
    const bool of_one = agent.allocation == agents[at(unit).agent].allocation;
    if (agent.gone || leads != is_leader || lends != (leads ? 0 : 1) || !of_one) {
        return broken("I8", unit, "runs on nodes that do not know it");
    }
    return {};
}

// Whoever lends is not asked when the ranks start, and so they must find their slots free: nothing
// is queued on such a node.
Result<void> State::Content::check_room(const AgentState& agent) const {
    const bool leads = std::any_of(agent.holding.begin(), agent.holding.end(), [&](UnitKey unit) {
        return gangs.contains(unit);
    });
    if (!leads && agent.lends.empty()) return {};
    Capacity used;
    for (std::uint32_t s = 0; s < stages.size(); ++s)
        occupy(used, plan.stage(StageIndex{s}).resources, agent.load[s]);
    const Capacity& has = agent.capacity;
    const bool fits = used.cpus <= has.cpus && used.gpus <= has.gpus &&
                      (has.memory.value == 0 || used.memory <= has.memory);
    if (fits) return {};
    return fail(
        ErrorCode::corrupted,
        fmt::format("I9 is violated: the ranks on {} do not fit it", agent.node)
    );
}

}  // namespace xorch
