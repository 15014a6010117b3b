#include "coordinator/serve/requests.h"

#include <fmt/format.h>

#include <utility>

#include "coordinator/serve/inbox.h"
#include "core/wire/messages_codec.h"

namespace xorch {
namespace {

// A client asks once and waits; so many at once are no clients.
constexpr std::size_t requests_max = 10'000;
constexpr std::size_t askers_max = 16;

}  // namespace

void Requests::on_frame(const ReceivedFrame& frame) {
    if (frame.peer.role != PeerRole::client) return;
    const auto request = decode_request(frame.bytes);
    if (!request || !is_request_id(request->id)) return;
    if (routes_.size() >= requests_max && !routes_.contains(request->id)) {
        send(frame.route, {.id = request->id, .ok = false, .text = "too many requests at once"});
        return;
    }
    auto& routes = routes_[request->id];
    if (routes.size() < askers_max) routes.push_back(frame.route);
    settings_.on_request(*request);
}

void Requests::poll(Now now) {
    if (looking_ || now.boot < next_look_boot_) return;
    next_look_boot_ = now.boot + settings_.inbox_every;
    looking_ = true;
    settings_.errands->send([this, inbox = settings_.inbox]() -> Errands::Report {
        return [this, found = read_inbox(inbox)] {
            looking_ = false;
            const std::string problem = found ? std::string() : found.error().message;
            if (!problem.empty() && problem != last_problem_) {
                settings_.log("requests by file cannot be read: " + problem);
            }
            last_problem_ = problem;
            if (!found) return;
            for (const InboxRequest& each : *found)
                on_inbox(each.id, each.request);
        };
    });
}

void Requests::on_inbox(const std::string& id, const Result<ClientRequest>& request) {
    if (!from_inbox_.insert(id).second) return;
    if (request) {
        settings_.on_request(*request);
    } else {
        answer({.id = id, .ok = false, .text = request.error().message});
    }
}

void Requests::answer(const ClientReply& reply) {
    if (const auto found = routes_.find(reply.id); found != routes_.end()) {
        for (const std::string& route : found->second)
            send(route, reply);
        routes_.erase(found);
    }
    if (from_inbox_.contains(reply.id)) answer_by_file(reply);
}

void Requests::send(const std::string& route, const ClientReply& reply) {
    const auto frame = encode_reply(reply);
    if (!frame) {
        settings_.log("a reply does not fit a frame: " + frame.error().message);
        return;
    }
    // A client that is gone or does not read asks again under the same id.
    settings_.socket->send(route, *frame);
}

void Requests::answer_by_file(const ClientReply& reply) {
    settings_.errands->send([this, reply, inbox = settings_.inbox]() -> Errands::Report {
        return [this, id = reply.id, answered = answer_inbox(inbox, reply)] {
            // Not answered: the request is still there and is read again.
            from_inbox_.erase(id);
            if (!answered) {
                settings_.log(fmt::format("answering {}: {}", id, answered.error().message));
            }
        };
    });
}

}  // namespace xorch
