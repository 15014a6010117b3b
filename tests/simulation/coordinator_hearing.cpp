// What a simulated coordinator hears, and whether it heeds it.

#include <algorithm>

#include "core/wire/messages_codec.h"
#include "tests/simulation/agent_process.h"
#include "tests/simulation/coordinator_process.h"

namespace xorch::simulation {

namespace {

// A smaller move of an end is no news (decide/rules/lane.cpp).
constexpr Millis end_heeded{2'000};

// Several heartbeats: whoever is connected so long was heard.
constexpr Millis heard_for_sure{40'000};

}  // namespace

void CoordinatorProcess::receive(std::uint32_t link, const std::string& frame) {
    when_awake([this, link, frame] {
        if (!reign_) return;
        const auto decoded = decode_agent_frame(frame);
        if (!decoded) {
            world_.violate("I16: a frame of ours is not understood: " + decoded.error().message);
            return;
        }
        // Of an older connection it says nothing about where the agent is now.
        std::uint32_t& known = links_.emplace(decoded->from, link).first->second;
        known = std::max(known, link);
        reign_->on_agent_messages(now(), decoded->from, decoded->messages);
        turn();
    });
}

void CoordinatorProcess::on_allocations(const std::vector<AllocationEvent>& events) {
    when_awake([this, events] {
        if (!reign_) return;
        std::vector<AllocationEvent> told = events;
        for (AllocationEvent& event : told) {
            auto* started = std::get_if<AllocationStarted>(&event.what);
            if (started == nullptr || started->end_unix == Millis{0}) continue;
            // From the timeline to the clock that both of them read.
            started->end_unix += now().unix - world_.timeline.now();
        }
        hear_queue(told);
        turn();
    });
}

void CoordinatorProcess::on_request(const ClientRequest& request) {
    when_awake([this, request] {
        if (!reign_) return;
        reign_->on_request(now(), request);
        turn();
    });
}

void CoordinatorProcess::request_stop(bool at_once) {
    when_awake([this, at_once] {
        if (!reign_) return;
        reign_->on_stop_requested(now(), at_once);
        turn();
    });
}

void CoordinatorProcess::hand_over() {
    if (!told_to_go_) told_to_go_ = world_.timeline.now();
    when_awake([this] {
        if (leaves_) return;
        leaves_ = true;
        if (!reign_) return;
        reign_->on_hand_over(now(), place_.allocation);
        turn();
    });
}

// Agents that it counts as present, and that it must have heard of lately, are in there.
bool CoordinatorProcess::hears_from(AllocationId allocation) const {
    if (world_.timeline.now() - disturbed_until_ <= heard_for_sure) return false;
    const State& state = reign_->state();
    return std::any_of(world_.agents.begin(), world_.agents.end(), [&](const auto& agent) {
        const AgentState* known = state.find_agent(agent->incarnation());
        return known != nullptr && !known->gone && known->allocation == allocation &&
               agent->was_connected_for(epoch_, heard_for_sure);
    });
}

// What the queue says must change what is known, and what it leaves out must not.
void CoordinatorProcess::hear_queue(const std::vector<AllocationEvent>& answer) {
    std::vector<AllocationId> spoken_for;
    for (const AllocationEvent& event : answer) {
        const auto* ended = std::get_if<AllocationEnded>(&event.what);
        const bool is_left_out = ended != nullptr && ended->reason == reason_forgotten;
        if (is_left_out && hears_from(ended->allocation)) spoken_for.push_back(ended->allocation);
    }
    reign_->on_allocations(now(), answer);
    const std::vector<AllocationState>& all = reign_->state().allocations();
    for (const AllocationId allocation : spoken_for) {
        if (!all[allocation.value - 1].ended) continue;
        world_.violate("I17: a job that its agents speak from is given up");
    }
    // Whoever goes leaves it to the next one.
    if (told_to_go_ || place_.only_submits) return;
    for (const AllocationEvent& event : answer) {
        const auto* started = std::get_if<AllocationStarted>(&event.what);
        if (started == nullptr || started->allocation.value > all.size()) continue;
        const AllocationState& known = all[started->allocation.value - 1];
        const Millis apart = known.end_unix - started->end_unix;
        if (!known.ended && (apart > end_heeded || apart < -end_heeded)) {
            world_.violate("I14: an end that the batch system told is not heeded");
        }
    }
}

}  // namespace xorch::simulation
