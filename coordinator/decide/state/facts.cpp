// State::apply() and one function per kind of fact. Facts about single units go on in units.cpp,
// their consequences in inputs.cpp.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/decide/state/content.h"

namespace xorch {

Result<void> State::apply(const FactBatch& batch, FactLocation at) {
    for (const Fact& fact : batch.facts) {
        auto applied = std::visit([&](const auto& each) { return content_->take(each, at); }, fact);
        if (!applied) return applied;
        ++at.fact;
    }
    return {};
}

Result<AllocationState*> State::Content::find(AllocationId allocation) {
    if (allocation.value == 0 || allocation.value > allocations.size()) {
        return fail(
            ErrorCode::corrupted, fmt::format("allocation {} was not intended", allocation.value)
        );
    }
    return &allocations[allocation.value - 1];
}

Result<void> State::Content::take(const AllocationIntended& fact, FactLocation) {
    if (fact.allocation.value != allocations.size() + 1) {
        return fail(
            ErrorCode::corrupted, fmt::format("allocation {} out of turn", fact.allocation.value)
        );
    }
    AllocationState& allocation = allocations.emplace_back();
    allocation.allocation = fact.allocation;
    allocation.token = fact.token;
    allocation.lane = fact.lane;
    allocation.after = fact.after;
    return {};
}

Result<void> State::Content::take(const AllocationSubmitted& fact, FactLocation) {
    auto allocation = find(fact.allocation);
    if (!allocation) return tl::unexpected(allocation.error());
    (*allocation)->submitted = true;
    (*allocation)->job = fact.job;
    notified.erase("stranded");
    return {};
}

Result<void> State::Content::take(const AllocationStarted& fact, FactLocation) {
    auto allocation = find(fact.allocation);
    if (!allocation) return tl::unexpected(allocation.error());
    (*allocation)->started = true;
    (*allocation)->end_unix = fact.end_unix;
    // Agents do not know it, the batch system does.
    if (fact.began_unix != Millis{0}) (*allocation)->began_unix = fact.began_unix;
    return {};
}

Result<void> State::Content::take(const AllocationEnded& fact, FactLocation) {
    auto allocation = find(fact.allocation);
    if (!allocation) return tl::unexpected(allocation.error());
    if ((*allocation)->ended) return {};
    (*allocation)->ended = true;
    if (fact.reason != reason_stop_requested && fact.reason != reason_not_needed) ++barren;
    return {};
}

Result<void> State::Content::take(const AgentJoined& fact, FactLocation) {
    const auto index = static_cast<std::uint32_t>(agents.size());
    const auto [known, is_new] = agent_index.emplace(fact.incarnation, index);
    if (is_new) {
        agents.emplace_back().load.assign(stages.size(), 0);
    } else if (!agents[known->second].gone) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("agent {} joined twice", format_incarnation(fact.incarnation))
        );
    }
    AgentState& agent = agents[known->second];
    agent.incarnation = fact.incarnation;
    agent.allocation = fact.allocation;
    agent.node = fact.node;
    agent.capacity = fact.capacity;
    agent.gone = false;
    present.push_back(known->second);
    return {};
}

Result<void> State::Content::take(const AgentGone& fact, FactLocation) {
    const auto known = agent_index.find(fact.incarnation);
    const std::string name = format_incarnation(fact.incarnation);
    if (known == agent_index.end() || agents[known->second].gone) {
        return fail(ErrorCode::corrupted, fmt::format("agent {} is not there", name));
    }
    AgentState& agent = agents[known->second];
    if (!agent.is_idle()) {
        return fail(ErrorCode::corrupted, fmt::format("agent {} left with units", name));
    }
    agent.gone = true;
    present.erase(std::find(present.begin(), present.end(), known->second));
    return {};
}

Result<void> State::Content::take(const UnitsAssigned& fact, FactLocation) {
    return assign(fact);
}

Result<void> State::Content::take(const UnitFinished& fact, FactLocation at_fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    if ((*state)->attempt != fact.attempt.value || fact.attempt.value == 0) {
        return impossible(plan, fact.unit, "finished by an attempt that is not current");
    }
    on_done_at(agents[(*state)->agent].node, fact.unit);
    on_done_at_all(fact.unit);
    return finish(fact.unit, fact.end, at_fact);
}

Result<void> State::Content::take(const UnitAdopted& fact, FactLocation at_fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    if ((*state)->phase == UnitPhase::assigned) {
        return impossible(plan, fact.unit, "adopted while an agent holds it");
    }
    if (fact.end.cause == Cause::hopeless) return give_up(fact.unit, fact.end, at_fact);
    return finish(fact.unit, fact.end, at_fact);
}

Result<void> State::Content::take(const UnitFoundHopeless& fact, FactLocation at_fact) {
    auto state = find(fact.unit);
    if (!state) return tl::unexpected(state.error());
    if ((*state)->attempt != fact.attempt.value || fact.attempt.value == 0) {
        return impossible(plan, fact.unit, "given up by an attempt that is not current");
    }
    // The node did what was asked of it.
    on_done_at(agents[(*state)->agent].node, fact.unit);
    on_done_at_all(fact.unit);
    return give_up(fact.unit, fact.end, at_fact);
}

Result<void> State::Content::take(const UnitGivenBack& fact, FactLocation) {
    return give_back(fact);
}

Result<void> State::Content::take(const UnitFailed& fact, FactLocation at_fact) {
    return fail_unit(fact, at_fact);
}

Result<void> State::Content::take(const CheckpointSealed& fact, FactLocation) {
    return seal(fact);
}

Result<void> State::Content::take(const UnitsCancelled& fact, FactLocation) {
    return cancel(fact);
}

Result<void> State::Content::take(const UnitsRevived& fact, FactLocation) {
    return revive(fact);
}

Result<void> State::Content::take(const WaveOpened& fact, FactLocation) {
    const bool known = fact.stage.value < stages.size();
    if (!known || fact.wave > StageState::last_wave ||
        fact.wave <= stages[fact.stage.value].state.wave) {
        return fail(
            ErrorCode::corrupted,
            fmt::format("wave {} of stage {} cannot open", fact.wave, fact.stage.value)
        );
    }
    stages[fact.stage.value].state.wave = fact.wave;
    stages[fact.stage.value].state.canaries.clear();
    return {};
}

Result<void> State::Content::take(const SelectionDecided& fact, FactLocation) {
    return decide(fact);
}

Result<void> State::Content::take(const SweepPaused& fact, FactLocation) {
    paused = fact.reason;
    return {};
}

Result<void> State::Content::take(const SweepContinued&, FactLocation) {
    paused.reset();
    notified.erase("paused");
    barren = 0;
    refused_for_good.clear();
    forgive_nodes();
    return {};
}

Result<void> State::Content::take(const NodeBlamed& fact, FactLocation) {
    blamed.emplace(fact.node, fact.reason);
    return {};
}

Result<void> State::Content::take(const ResultRefused&, FactLocation) {
    return {};
}

Result<void> State::Content::take(const RequestDone& fact, FactLocation) {
    replies.emplace(fact.request, fact.reply);
    return {};
}

Result<void> State::Content::take(const NotificationSent& fact, FactLocation) {
    notified.insert(fact.event);
    return {};
}

Result<void> State::Content::take(const EpochEnded&, FactLocation) {
    return {};
}

Result<void> State::Content::take(const AllocationRefused& fact, FactLocation) {
    auto allocation = find(fact.allocation);
    if (!allocation) return tl::unexpected(allocation.error());
    (*allocation)->ended = true;
    if (fact.for_good) refused_for_good = fact.reason;
    return {};
}

Result<void> State::Content::take(const UnitReopened& fact, FactLocation) {
    return reopen(fact);
}

}  // namespace xorch
