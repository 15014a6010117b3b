// What is ready and fits nobody who is here: nobody would ever wake it.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "coordinator/decide/rules/rules.h"
#include "coordinator/decide/schedule/gangs.h"

namespace xorch {

namespace {

// Ready units of this stage fit no agent that is here, not even an empty one.
bool fits_nobody(const State& state, StageIndex stage) {
    const Resources& each = state.plan().stage(stage).resources;
    if (each.is_gang()) return !could_hold_gang(state, each);
    const std::vector<std::uint32_t>& present = state.present_agents();
    return std::none_of(present.begin(), present.end(), [&](std::uint32_t index) {
        return fitting(state.agents()[index].capacity, {}, each) > 0;
    });
}

std::string explain_unfit(const Stage& stage) {
    const Resources& each = stage.resources;
    const std::string needs = fmt::format(
        "cpus = {}, gpus = {}, memory = \"{}M\"", each.cpus, each.gpus, each.memory.value >> 20U
    );
    if (!each.is_gang()) {
        return fmt::format(
            "a unit of stage {} asks for {}, more than any agent has. Lower its resources in the "
            "sweep file (or raise local.slots) and `xorch submit` it again: what is finished is "
            "taken over.",
            stage.name,
            needs
        );
    }
    return fmt::format(
        "a unit of stage {} asks for {} ranks of {}{}, more than the agents of any allocation have "
        "together. Lower its resources in the sweep file (or raise slurm.nodes or local.slots) and "
        "`xorch submit` it again: what is finished is taken over.",
        stage.name,
        each.ranks,
        needs,
        each.ranks_per_node > 0 ? fmt::format(", {} on each node", each.ranks_per_node) : ""
    );
}

// Nodes of it are gone, or never came.
bool is_short(const State& state, AllocationId allocation) {
    std::set<std::string> here;
    std::set<std::string> known;
    for (const AgentState& agent : state.agents()) {
        if (agent.allocation != allocation) continue;
        known.insert(agent.node);
        if (!agent.gone) here.insert(agent.node);
    }
    const Sweep& sweep = state.plan().sweep();
    const bool on_slurm = sweep.backend == BackendKind::slurm;
    return here.size() < known.size() || (on_slurm && here.size() < sweep.slurm.nodes);
}

// Agents may still come, or have been asked to make room for a whole allocation.
bool may_get_larger(const State& state, const Presence& presence, Now now) {
    const Millis patience = state.plan().sweep().tuning.lost_after;
    const std::vector<std::uint32_t>& present = state.present_agents();
    return std::any_of(present.begin(), present.end(), [&](std::uint32_t index) {
        const AgentPresence* seen = presence.find(state.agents()[index].incarnation);
        return seen == nullptr || !seen->greeted || seen->sent_home ||
               now.boot < seen->greeted_at + patience;
    });
}

// An allocation that lost nodes cannot hold the gang; the next one has all of them again. Whether
// any was asked to end.
bool end_short_allocations(const State& state, Effects& effects) {
    for (const std::uint32_t index : state.present_agents()) {
        const AgentState& agent = state.agents()[index];
        if (!is_short(state, agent.allocation)) continue;
        Leave leave{.reason = "too few nodes are left for a gang", .at_once = false};
        effects.messages.push_back(ToAgent{agent.incarnation, std::move(leave)});
    }
    return !effects.messages.empty();
}

}  // namespace

Effects watch_fit(const State& state, const Presence& presence, Now now) {
    Effects effects;
    if (state.paused() || state.present_agents().empty() || !presence.delayed.empty())
        return effects;
    std::optional<StageIndex> unfit;
    for (std::uint32_t s = 0; s < state.plan().stage_count(); ++s) {
        const StageState& stage = state.stage(StageIndex{s});
        if (stage.in(UnitPhase::assigned) > 0) return effects;
        if (stage.in(UnitPhase::ready) == 0) continue;
        if (!fits_nobody(state, StageIndex{s})) return effects;
        unfit = StageIndex{s};
    }
    if (!unfit) return effects;
    const Stage& stage = state.plan().stage(*unfit);
    if (stage.resources.is_gang()) {
        if (may_get_larger(state, presence, now) || end_short_allocations(state, effects)) {
            return effects;
        }
    }
    effects.facts.push_back(SweepPaused{explain_unfit(stage)});
    return effects;
}

}  // namespace xorch
