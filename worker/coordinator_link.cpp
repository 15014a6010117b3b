#include "worker/coordinator_link.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/io/console.h"
#include "core/io/keys.h"

namespace xorch {

namespace {

constexpr Millis look_unconnected{1'000};
constexpr Millis look_connected{5'000};

// While frames wait for a coordinator that does not read.
constexpr Millis send_again{20};

// One turn takes no more, so that attempts and signals are not kept waiting.
constexpr std::size_t frames_per_turn = 64;

// What a coordinator that does not read may leave waiting here; the reports are in memory and in
// the spool, so beyond this the connection is given up and everything said again.
constexpr std::size_t frames_waiting_max = 256;

}  // namespace

CoordinatorLink::CoordinatorLink(
    Disk& disk, SweepLayout layout, AllocationId allocation, IncarnationId incarnation
)
    : disk_(disk), layout_(std::move(layout)), allocation_(allocation), incarnation_(incarnation) {}

std::vector<LinkEvent> CoordinatorLink::receive(Now now) {
    std::vector<LinkEvent> events;
    if (std::exchange(dropped_, false)) events.emplace_back(LinkDown{});
    if (now.boot >= next_look_) look(now, events);
    if (!socket_) return events;
    for (ClientEvent& event : socket_->receive(frames_per_turn)) {
        switch (event.kind) {
            case ClientEvent::Kind::connected:
                waiting_.clear();
                events.emplace_back(LinkUp{.epoch = followed_.epoch});
                break;
            case ClientEvent::Kind::disconnected:
                waiting_.clear();
                events.emplace_back(LinkDown{});
                break;
            case ClientEvent::Kind::frame:
                if (auto frame = decode_coordinator_frame(event.bytes)) {
                    events.emplace_back(std::move(*frame));
                }
                break;
        }
    }
    if (!send_waiting()) next_look_ = std::min(next_look_, now.boot + send_again);
    return events;
}

void CoordinatorLink::send(Now now, const std::vector<AgentMessage>& messages) {
    if (!socket_ || messages.empty()) return;
    auto frames = encode_agent_frames(incarnation_, messages);
    if (!frames) {
        say_line(stderr, "xorch agent: " + frames.error().message);
        return;
    }
    std::move(frames->begin(), frames->end(), std::back_inserter(waiting_));
    if (!send_waiting()) next_look_ = std::min(next_look_, now.boot + send_again);
    if (waiting_.size() > frames_waiting_max) drop();
}

void CoordinatorLink::drop() {
    socket_.reset();
    waiting_.clear();
    dropped_ = true;
    next_look_ = Millis{0};
}

int CoordinatorLink::descriptor() const {
    return socket_ ? socket_->descriptor() : -1;
}

void CoordinatorLink::look(Now now, std::vector<LinkEvent>& events) {
    const bool connected = socket_ && socket_->is_connected();
    next_look_ = now.boot + (connected ? look_connected : look_unconnected);
    auto found = find_endpoint(disk_, layout_);
    if (!found || !found->has_value()) return;
    const Endpoint& endpoint = **found;
    const bool newer = endpoint.epoch > followed_.epoch;
    if (!newer && (socket_ || endpoint.epoch < followed_.epoch)) return;
    if (socket_) {
        socket_.reset();
        waiting_.clear();
        events.emplace_back(LinkDown{});
    }
    if (auto following = follow(endpoint);
        !following && following.error().message != last_complaint_) {
        last_complaint_ = following.error().message;
        say_line(stderr, "xorch agent: " + last_complaint_);
    }
}

Result<void> CoordinatorLink::follow(const Endpoint& endpoint) {
    auto keys = read_keys(layout_.keys(), agent_key_name(allocation_));
    if (!keys) return fail_with_context(keys.error(), "reading this allocation's keys");
    ClientSettings settings;
    settings.endpoint = endpoint.address;
    settings.server_public_key = endpoint.public_key;
    settings.keys = std::move(*keys);
    auto socket = ClientSocket::connect(settings);
    if (!socket) return fail_with_context(socket.error(), "connecting to the coordinator");
    socket_ = std::move(*socket);
    followed_ = endpoint;
    return {};
}

// False if frames are left.
bool CoordinatorLink::send_waiting() {
    std::size_t sent = 0;
    while (socket_ && sent < waiting_.size() && socket_->send(waiting_[sent])) {
        ++sent;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sent));
    return waiting_.empty();
}

}  // namespace xorch
