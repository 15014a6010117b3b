// What a simulated coordinator says, and to whom.

#include <fmt/format.h>

#include <utility>

#include "core/wire/messages_codec.h"
#include "tests/simulation/allocations.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/coordinator_process.h"
#include "tests/simulation/network.h"

namespace xorch::simulation {

void CoordinatorProcess::say(const Outgoing& message) {
    if (const auto* to_agent = std::get_if<ToAgent>(&message)) {
        say_to_agent(*to_agent);
    } else if (const auto* reply = std::get_if<ClientReply>(&message)) {
        if (reply->ok) world_.ledger.on_replied(reply->id);
        world_.timeline.note(fmt::format("{} is answered: {}", reply->id, reply->text));
        if (world_.healed() || dice_.chance(0.9)) world_.clients->on_reply(*reply);
    } else if (const auto* start_it = std::get_if<StartAllocation>(&message)) {
        world_.ledger.read();
        world_.allocations->carry_out(*start_it);
    } else if (const auto* end_it = std::get_if<EndAllocation>(&message)) {
        world_.allocations->carry_out(*end_it);
    } else if (const auto* wanted = std::get_if<AdoptionWanted>(&message)) {
        adopt(*wanted);
    } else {
        const auto& notification = std::get<Notification>(message);
        world_.timeline.note(fmt::format("notification: {}", notification.event));
    }
}

void CoordinatorProcess::say_to_agent(const ToAgent& message) {
    const auto link = links_.find(message.to);
    if (const auto* acknowledged = std::get_if<Acknowledge>(&message.message)) {
        world_.ledger.on_acknowledged(message.to, acknowledged->through);
    }
    if (link == links_.end()) return;
    auto words = message_of(message);
    if (!words) return;
    auto frames = encode_coordinator_frames(epoch_, std::span(&*words, 1));
    if (!frames) {
        world_.violate("I13: messages do not fit a frame: " + frames.error().message);
        return;
    }
    for (std::string& frame : *frames) {
        world_.network->send_to_agent(link->second, std::move(frame));
    }
}

std::optional<CoordinatorMessage> CoordinatorProcess::message_of(const ToAgent& message) {
    const auto* keys = std::get_if<AssignKeys>(&message.message);
    if (keys == nullptr) {
        return std::visit(
            [](const auto& each) -> std::optional<CoordinatorMessage> {
                using Kind = std::decay_t<decltype(each)>;
                if constexpr (std::is_same_v<Kind, AssignKeys>) {
                    return std::nullopt;
                } else {
                    return CoordinatorMessage(each);
                }
            },
            message.message
        );
    }
    Assign assign;
    for (const AssignedUnit& unit : keys->units) {
        const State& state = reign_->state();
        // Decided before it was replaced by a selection or cancelled, or before a gang ended.
        if (!may_be_sent(state, unit)) continue;
        auto complete = assignment(state, unit, keys->alone, world_.layout, *this);
        if (!complete) {
            if (!view_.dead()) {
                world_.violate("I1: the inputs cannot be read: " + complete.error().message);
            }
            continue;
        }
        assign.units.push_back(std::move(*complete));
    }
    return assign;
}

}  // namespace xorch::simulation
