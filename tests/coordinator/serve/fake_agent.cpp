#include "tests/coordinator/serve/fake_agent.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "core/io/clock.h"
#include "core/io/keys.h"
#include "core/io/posix_disk.h"
#include "core/wire/endpoint.h"
#include "core/wire/messages_codec.h"

namespace xorch {
namespace {

std::vector<AssignedUnit> held_units(const std::vector<Assignment>& held) {
    std::vector<AssignedUnit> units;
    for (const Assignment& unit : held)
        units.push_back({unit.unit, unit.attempt});
    return units;
}

}  // namespace

FakeAgent::FakeAgent(SweepLayout layout, IncarnationId incarnation, AllocationId allocation)
    : layout_(std::move(layout)), incarnation_(incarnation), allocation_(allocation) {}

bool FakeAgent::join() {
    PosixDisk disk;
    const auto endpoint = find_endpoint(disk, layout_);
    const auto keys = read_keys(layout_.keys(), agent_key_name(allocation_));
    if (!endpoint || !*endpoint || !keys) return false;
    auto socket = ClientSocket::connect({
        .endpoint = (*endpoint)->address,
        .server_public_key = (*endpoint)->public_key,
        .keys = *keys,
        .reconnect_first = Millis(10),
        .reconnect_max = Millis(100),
    });
    if (!socket) return false;
    address_ = (*endpoint)->address;
    socket_.emplace(std::move(*socket));
    return true;
}

bool FakeAgent::run_until(const std::function<bool()>& done) {
    const Millis end = read_clocks().boot + patience;
    while (!done()) {
        if (read_clocks().boot >= end) return false;
        pollfd waiting{.fd = socket_->descriptor(), .events = POLLIN, .revents = 0};
        poll(&waiting, 1, 50);
        hear_events();
        // A new epoch listens elsewhere.
        PosixDisk disk;
        const auto endpoint = find_endpoint(disk, layout_);
        if (endpoint && *endpoint && (*endpoint)->address != address_) join();
    }
    return true;
}

void FakeAgent::hear_events() {
    for (const ClientEvent& event : socket_->receive(100)) {
        if (event.kind == ClientEvent::Kind::connected) {
            std::vector<AgentMessage> messages{
                AgentHello{
                           .incarnation = incarnation_,
                           .allocation = allocation_,
                           .node = "node-1",
                           .pid = 1,
                           .capacity = {.cpus = 4, .gpus = 0, .memory = Bytes{0}},
                           .holding = held_units(held),
                           .first_unacknowledged = acknowledged + 1,
                           }
            };
            messages.insert(messages.end(), unacknowledged.begin(), unacknowledged.end());
            say(messages);
        }
        if (event.kind != ClientEvent::Kind::frame) continue;
        const auto frame = decode_coordinator_frame(event.bytes);
        if (!frame) continue;
        epoch = frame->epoch;
        for (const CoordinatorMessage& message : frame->messages)
            hear(message);
    }
}

void FakeAgent::hear(const CoordinatorMessage& message) {
    if (std::holds_alternative<Welcome>(message)) ++welcomes;
    if (const auto* stop = std::get_if<StopAttempt>(&message)) stops.push_back(*stop);
    if (const auto* said = std::get_if<Acknowledge>(&message)) {
        acknowledged = std::max(acknowledged, said->through);
        std::erase_if(unacknowledged, [&](const AgentMessage& each) {
            const auto* report = std::get_if<EndReport>(&each);
            return report != nullptr && report->sequence <= acknowledged;
        });
    }
    if (const auto* said = std::get_if<Leave>(&message)) {
        leave = *said;
        say({AgentGoodbye{"asked to leave"}});
    }
    const auto* assign = std::get_if<Assign>(&message);
    if (assign == nullptr) return;
    std::vector<Assignment> ending;
    for (const Assignment& unit : assign->units) {
        if (!seen_.emplace(unit.unit, unit.attempt.value).second) continue;
        assigned.push_back(unit);
        (finish_limit > 0 ? ending : held).push_back(unit);
        if (finish_limit > 0) --finish_limit;
    }
    finish(ending);
}

void FakeAgent::finish_held() {
    finish_limit = std::numeric_limits<std::size_t>::max();
    finish(std::exchange(held, {}));
}

void FakeAgent::finish(const std::vector<Assignment>& units) {
    std::vector<AgentMessage> reports;
    for (const Assignment& unit : units)
        reports.emplace_back(report_of(unit));
    unacknowledged.insert(unacknowledged.end(), reports.begin(), reports.end());
    say(reports);
}

EndReport FakeAgent::report_of(const Assignment& unit) {
    EndReport report{.sequence = ++reports_, .unit = unit.unit, .attempt = unit.attempt, .end = {}};
    report.end.rows = "{\"x\":" + std::to_string(unit.unit.index) + "}\n";
    report.end.started_unix = Millis(1);
    report.end.ran = Millis(1);
    return report;
}

void FakeAgent::say(const std::vector<AgentMessage>& messages) {
    const auto frames = encode_agent_frames(incarnation_, messages);
    if (!frames) return;
    for (const std::string& frame : *frames)
        socket_->send(frame);
}

}  // namespace xorch
