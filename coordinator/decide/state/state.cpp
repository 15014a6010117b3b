#include "coordinator/decide/state.h"

#include <algorithm>
#include <numeric>

#include "coordinator/decide/state/content.h"

namespace xorch {

std::uint32_t StageState::total() const {
    return std::accumulate(counts.begin(), counts.end(), 0U);
}

State::State(Plan plan) : content_(std::make_unique<Content>(std::move(plan))) {}

State::~State() = default;
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;

const Plan& State::plan() const {
    return content_->plan;
}

const UnitState& State::unit(UnitKey unit) const {
    XORCH_CHECK(has_unit(unit), "no such unit in the state");
    return content_->at(unit);
}

bool State::has_unit(UnitKey unit) const {
    return unit.stage.value < content_->stages.size() &&
           unit.index < content_->stages[unit.stage.value].units.size();
}

const StageState& State::stage(StageIndex stage) const {
    return content_->stages.at(stage.value).state;
}

const SelectState& State::select(std::uint32_t select) const {
    return content_->selects.at(select);
}

const std::vector<AgentState>& State::agents() const {
    return content_->agents;
}

const AgentState* State::find_agent(IncarnationId incarnation) const {
    const auto known = content_->agent_index.find(incarnation);
    return known == content_->agent_index.end() ? nullptr : &content_->agents[known->second];
}

const std::vector<AllocationState>& State::allocations() const {
    return content_->allocations;
}

bool State::has_open_allocations() const {
    const std::vector<AllocationState>& all = content_->allocations;
    return std::any_of(all.begin(), all.end(), [](const AllocationState& each) {
        return !each.ended;
    });
}

bool State::awaits_submission() const {
    const std::vector<AllocationState>& all = content_->allocations;
    return std::any_of(all.begin(), all.end(), [](const AllocationState& each) {
        return !each.ended && !each.submitted;
    });
}

const std::vector<std::uint32_t>& State::present_agents() const {
    return content_->present;
}

const std::string& State::refused_for_good() const {
    return content_->refused_for_good;
}

std::uint32_t State::barren_allocations() const {
    return content_->barren;
}

std::optional<std::uint32_t> State::first_ready(StageIndex stage, std::uint32_t from_index) const {
    return content_->stages.at(stage.value).ready.next(from_index);
}

const std::set<UnitKey>& State::ready_alone() const {
    return content_->alone;
}

const std::map<UnitKey, std::vector<GangShare>>& State::gangs() const {
    return content_->gangs;
}

const std::vector<UnitKey>& State::twins_waiting_for(UnitKey unit) const {
    static const std::vector<UnitKey> none;
    const auto found = content_->twins.find(unit);
    return found == content_->twins.end() ? none : found->second;
}

const std::set<UnitKey>& State::adoptable() const {
    return content_->adoptable;
}

const std::map<std::string, std::string>& State::blamed_nodes() const {
    return content_->blamed;
}

const std::map<std::string, NodeTrouble>& State::troubled_nodes() const {
    return content_->trouble;
}

bool State::paused() const {
    return content_->paused.has_value();
}

const std::string& State::pause_reason() const {
    static const std::string none;
    return content_->paused ? *content_->paused : none;
}

bool State::complete() const {
    const bool decided = std::all_of(
        content_->selects.begin(),
        content_->selects.end(),
        [](const SelectState& select) { return select.decided && !select.stale; }
    );
    if (!decided) return false;
    for (std::uint32_t s = 0; s < content_->stages.size(); ++s) {
        if (!is_final(StageIndex{s})) return false;
    }
    return true;
}

bool State::notified(std::string_view event) const {
    return content_->notified.contains(event);
}

const std::optional<FirstFailure>& State::first_failure() const {
    return content_->first_failure;
}

bool State::is_final(StageIndex stage) const {
    const StageState& state = content_->stages.at(stage.value).state;
    return content_->plan.is_expanded(stage) && state.in(UnitPhase::waiting) == 0 &&
           state.in(UnitPhase::ready) == 0 && state.in(UnitPhase::assigned) == 0;
}

const std::string* State::reply_to(std::string_view request) const {
    const auto known = content_->replies.find(std::string(request));
    return known == content_->replies.end() ? nullptr : &known->second;
}

const Object& State::metrics(std::uint32_t select, UnitKey unit) const {
    static const Object none;
    const StageContent& stage = content_->stages.at(unit.stage.value);
    const auto reader = std::find(stage.readers.begin(), stage.readers.end(), select);
    if (reader == stage.readers.end() || unit.index >= stage.metrics.size()) return none;
    const Array& read = stage.metrics[unit.index];
    const auto place = static_cast<std::size_t>(reader - stage.readers.begin());
    return place < read.size() ? *read[place].get_if<Object>() : none;
}

const std::string* State::standing_rows(UnitKey unit) const {
    const auto found = content_->standing.find(unit);
    return found == content_->standing.end() ? nullptr : &found->second;
}

std::size_t State::memory_bytes() const {
    std::size_t bytes = sizeof *content_ + content_->plan.memory_bytes();
    for (const StageContent& stage : content_->stages) {
        bytes += stage.units.capacity() * sizeof(UnitState) + stage.ready.memory_bytes();
        bytes += stage.metrics.capacity() * sizeof(Array);
        for (const Need& need : stage.needs)
            bytes += 3 * need.missing.capacity() * sizeof(std::uint32_t);
    }
    return bytes;
}

}  // namespace xorch
