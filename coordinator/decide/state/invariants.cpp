// The invariants of design.md, section 12, as far as they are statements about the state.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "coordinator/decide/state/content.h"

namespace xorch {

namespace {

tl::unexpected<Error> violated(std::string_view invariant, std::string text) {
    return fail(ErrorCode::corrupted, fmt::format("{} is violated: {}", invariant, text));
}

}  // namespace

Result<void> State::check_invariants() const {
    if (auto agents = content_->check_agents(); !agents) return agents;
    if (auto gangs = content_->check_gangs(); !gangs) return gangs;
    for (std::uint32_t s = 0; s < content_->stages.size(); ++s) {
        if (auto stage = content_->check_stage(StageIndex{s}); !stage) return stage;
    }
    return {};
}

Result<void> State::Content::check_stage(StageIndex stage) const {
    const StageContent& content = stages[stage.value];
    const std::string& name = plan.stage(stage).name;
    if (content.units.size() != plan.unit_count(stage)) {
        return violated("I3", fmt::format("stage {} has not the plan's units", name));
    }
    std::array<std::uint32_t, unit_phase_count> counts{};
    for (std::uint32_t i = 0; i < content.units.size(); ++i) {
        ++counts[static_cast<std::size_t>(content.units[i].phase)];
        if (auto unit = check_unit({stage, i}); !unit) return unit;
    }
    if (counts != content.state.counts) {
        return violated(
            "I3", fmt::format("the counts of stage {} are not those of its units", name)
        );
    }
    return {};
}

Result<void> State::Content::check_unit(UnitKey key) const {
    const UnitState& unit = at(key);
    const std::string name = fmt::format("{}/{}", plan.stage(key.stage).name, key.index);
    const bool in_ready = stages[key.stage.value].ready.contains(key.index);
    const bool in_alone = alone.contains(key);
    if ((in_ready || in_alone) != (unit.phase == UnitPhase::ready) || (in_ready && in_alone)) {
        return violated(
            "I3", fmt::format("{} is ready and nobody will find it, or not ready", name)
        );
    }
    if (unit.phase == UnitPhase::waiting) {
        const bool twin_awaited = unit.waits_for_twin && !is_adoptable(*plan.same_unit(key));
        if (unit.unmet_inputs == 0 && !twin_awaited && !adoptable.contains(key)) {
            return violated("I3", fmt::format("{} waits for nothing", name));
        }
        if (has_lost_inputs(key)) {
            return violated("I3", fmt::format("{} waits for an input that failed", name));
        }
        if (has_hopeless_inputs(key)) {
            return violated("I3", fmt::format("{} waits for inputs that are hopeless", name));
        }
    }
    if (unit.phase == UnitPhase::done && unit.result.segment == 0) {
        return violated("I2", fmt::format("{} is done without records", name));
    }
    if (unit.phase == UnitPhase::done && standing.contains(key)) {
        return violated("I2", fmt::format("{} has two sets of records", name));
    }
    if (unit.phase == UnitPhase::failed && unit.cause == Cause::none) {
        return violated("I3", fmt::format("{} failed without a cause", name));
    }
    if (unit.phase != UnitPhase::assigned) return {};
    if (unit.agent >= agents.size()) {
        return violated("I8", fmt::format("{} is assigned to nobody", name));
    }
    const AgentState& agent = agents[unit.agent];
    const auto held = std::count(agent.holding.begin(), agent.holding.end(), key);
    if (agent.gone || held != 1 || unit.attempt == 0) {
        return violated(
            "I8", fmt::format("{} is held {} times by the agent it is assigned to", name, held)
        );
    }
    const Resources& asked = plan.stage(key.stage).resources;
    if (gangs.contains(key) != asked.is_gang()) {
        return violated("I8", fmt::format("{} of {} ranks runs otherwise", name, asked.ranks));
    }
    if (unit.own_failures > plan.stage(key.stage).limits.retries || unit.stalled_stops > 1) {
        return violated("I10", fmt::format("{} is tried more often than its limits allow", name));
    }
    return {};
}

Result<void> State::Content::check_agents() const {
    std::size_t here = 0;
    for (const AgentState& agent : agents) {
        const std::string name = format_incarnation(agent.incarnation);
        here += agent.gone ? 0 : 1;
        if (agent.gone && !agent.is_idle()) {
            return violated("I8", fmt::format("agent {} is gone and holds units", name));
        }
        std::vector<std::uint32_t> load(stages.size(), 0);
        for (const UnitKey unit : agent.holding) {
            const bool known = unit.stage.value < stages.size() &&
                               unit.index < stages[unit.stage.value].units.size();
            const auto index = static_cast<std::size_t>(&agent - agents.data());
            if (!known || at(unit).phase != UnitPhase::assigned || at(unit).agent != index) {
                return violated("I8", fmt::format("agent {} holds what is not its own", name));
            }
            load[unit.stage.value] += ranks_on(agent, unit);
        }
        for (const UnitKey unit : agent.lends)
            load[unit.stage.value] += ranks_on(agent, unit);
        if (load != agent.load) {
            return violated("I9", fmt::format("the load of agent {} is not what it holds", name));
        }
        if (agent.runs_alone && agent.holding.size() + agent.lends.size() != 1) {
            return violated("I9", fmt::format("agent {} does not run its suspect alone", name));
        }
    }
    const bool all_known = std::all_of(present.begin(), present.end(), [&](std::uint32_t index) {
        return index < agents.size() && !agents[index].gone;
    });
    if (!all_known || here != present.size()) {
        return violated("I3", "the list of present agents is not right");
    }
    return {};
}

}  // namespace xorch
