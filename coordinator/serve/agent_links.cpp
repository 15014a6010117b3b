#include "coordinator/serve/agent_links.h"

#include <algorithm>
#include <utility>

namespace xorch {
namespace {

// An agent that lets so much pile up is as good as gone; it comes back with a hello.
constexpr std::size_t waiting_bytes_max = 64U << 20U;

}  // namespace

AgentFrame AgentLinks::accept(const ReceivedFrame& frame) {
    if (frame.peer.role != PeerRole::agent) return {};
    auto decoded = decode_agent_frame(frame.bytes);
    if (!decoded || decoded->from.value == 0 || decoded->messages.empty()) return {};
    const auto known = links_.find(decoded->from);
    if (known != links_.end()) {
        if (known->second.allocation != frame.peer.allocation) return {};
        if (known->second.route == frame.route && !known->second.broken) return std::move(*decoded);
    }
    auto& messages = decoded->messages;
    const auto hello =
        std::find_if(messages.begin(), messages.end(), [&](const AgentMessage& each) {
            const auto* said = std::get_if<AgentHello>(&each);
            return said != nullptr && said->incarnation == decoded->from &&
                   said->allocation == frame.peer.allocation;
        });
    if (hello == messages.end()) return {};
    messages.erase(messages.begin(), hello);
    Link& link = links_[decoded->from];
    drop(link);
    link.route = frame.route;
    link.allocation = frame.peer.allocation;
    link.broken = false;
    return std::move(*decoded);
}

void AgentLinks::say(IncarnationId to, CoordinatorMessage message) {
    const auto found = links_.find(to);
    if (found == links_.end() || found->second.broken) return;
    Link& link = found->second;
    if (!link.listed) spoken_to_.push_back(to);
    link.listed = true;
    link.said.push_back(std::move(message));
}

std::vector<Error> AgentLinks::flush() {
    std::vector<Error> errors;
    std::vector<IncarnationId> congested;
    for (const IncarnationId agent : std::exchange(spoken_to_, {})) {
        const auto found = links_.find(agent);
        if (found == links_.end()) continue;
        Link& link = found->second;
        link.listed = false;
        for (std::string& frame : encode(std::exchange(link.said, {}), errors)) {
            link.frame_bytes += frame.size();
            link.frames.push_back(std::move(frame));
        }
        send_frames(link);
        if (link.frames.empty()) continue;
        link.listed = true;
        congested.push_back(agent);
    }
    spoken_to_.insert(spoken_to_.end(), congested.begin(), congested.end());
    return errors;
}

std::vector<std::string> AgentLinks::encode(
    const std::vector<CoordinatorMessage>& messages, std::vector<Error>& errors
) const {
    auto frames = encode_coordinator_frames(epoch_, messages);
    if (frames) return std::move(*frames);
    // One of them is too large; the others need not suffer.
    std::vector<std::string> fitting;
    for (const CoordinatorMessage& message : messages) {
        auto one = encode_coordinator_frames(epoch_, std::span(&message, 1));
        if (one) {
            fitting.insert(fitting.end(), one->begin(), one->end());
        } else {
            errors.push_back(one.error());
        }
    }
    return fitting;
}

bool AgentLinks::is_congested() const {
    return !spoken_to_.empty();
}

void AgentLinks::forget(IncarnationId agent) {
    links_.erase(agent);
}

void AgentLinks::send_frames(Link& link) {
    while (!link.frames.empty()) {
        const Sent sent = socket_.send(link.route, link.frames.front());
        if (sent == Sent::gone || (sent == Sent::full && link.frame_bytes > waiting_bytes_max)) {
            drop(link);
            link.broken = true;
            return;
        }
        if (sent == Sent::full) return;
        link.frame_bytes -= link.frames.front().size();
        link.frames.pop_front();
    }
}

void AgentLinks::drop(Link& link) {
    link.said.clear();
    link.frames.clear();
    link.frame_bytes = 0;
}

}  // namespace xorch
