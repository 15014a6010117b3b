#include "coordinator/client.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "coordinator/decide/reign.h"
#include "coordinator/serve/inbox.h"
#include "core/io/client_socket.h"
#include "core/io/clock.h"
#include "core/io/keys.h"
#include "core/io/process.h"
#include "core/wire/endpoint.h"
#include "core/wire/messages_codec.h"

namespace xorch {
namespace {

constexpr Millis look_every{50};
// Decisions of a short reign follow from each other without anybody's help; more rounds than this
// would mean that it waits for something.
constexpr int rounds_max = 1'000;

std::optional<ClientReply> find_reply(
    const std::vector<ClientEvent>& events, const std::string& id
) {
    for (const ClientEvent& event : events) {
        if (event.kind != ClientEvent::Kind::frame) continue;
        auto reply = decode_reply(event.bytes);
        if (reply && reply->id == id) return std::move(*reply);
    }
    return std::nullopt;
}

// The reply, or nothing if none came in time.
std::optional<ClientReply> converse(
    ClientSocket& socket, const std::string& frame, const std::string& id, Millis end_boot
) {
    while (true) {
        const Millis left = end_boot - read_clocks().boot;
        if (left <= Millis(0)) return std::nullopt;
        pollfd waiting{.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
        poll(&waiting, 1, static_cast<int>(left.count()));
        const auto events = socket.receive(16);
        if (auto reply = find_reply(events, id)) return reply;
        const bool connected = std::any_of(events.begin(), events.end(), [](const auto& event) {
            return event.kind == ClientEvent::Kind::connected;
        });
        if (connected) socket.send(frame);
    }
}

// A coordinator on this machine whose process is gone will not answer; nobody has to wait for that.
bool is_surely_gone(const Endpoint& endpoint, const Holder& self) {
    if (endpoint.host != self.host) return false;
    const auto process = name_process(endpoint.pid);
    return !process && process.error().code == ErrorCode::not_found;
}

// Nothing if nobody listens, or nobody answered.
Result<std::optional<ClientReply>> ask_by_socket(
    Disk& disk, const AskSettings& settings, const ClientRequest& request
) {
    const auto endpoint = find_endpoint(disk, settings.layout);
    if (!endpoint) return tl::unexpected(endpoint.error());
    if (!*endpoint || is_surely_gone(**endpoint, settings.self)) return std::nullopt;
    const auto frame = encode_request(request);
    if (!frame) return tl::unexpected(frame.error());
    auto keys = read_keys(settings.layout.keys(), client_key_name());
    if (!keys) return tl::unexpected(keys.error());
    auto server_key = read_public_key(settings.layout.keys(), coordinator_key_name());
    if (!server_key) return tl::unexpected(server_key.error());
    auto socket = ClientSocket::connect({
        .endpoint = (*endpoint)->address,
        .server_public_key = std::move(*server_key),
        .keys = std::move(*keys),
        .linger = Millis(0),
    });
    if (!socket) return tl::unexpected(socket.error());
    return converse(*socket, *frame, request.id, read_clocks().boot + settings.socket_time);
}

// Who reigns, as far as files tell; not_found if nobody does.
Result<Holder> check_reigning(Disk& disk, const AskSettings& settings) {
    const auto visit = [](const FactBatch&, FactLocation) { return Result<void>(); };
    const auto end = replay_journal(disk, settings.layout.journal(), visit);
    if (!end) return fail_with_context(end.error(), "reading the journal");
    const bool over = end->epoch.value == 0 || end->ended ||
                      find_holder_process(end->holder, settings.self) == HolderProcess::gone;
    if (over) return fail(ErrorCode::not_found, "nobody runs this sweep now");
    return end->holder;
}

Result<std::optional<ClientReply>> ask_by_file(
    const AskSettings& settings, const ClientRequest& request
) {
    const std::string inbox = settings.layout.inbox();
    if (auto dropped = drop_into_inbox(inbox, request); !dropped) {
        return tl::unexpected(dropped.error());
    }
    const Millis end = read_clocks().boot + settings.file_time;
    while (read_clocks().boot < end) {
        auto reply = take_inbox_reply(inbox, request.id);
        if (!reply || *reply) return reply;
        std::this_thread::sleep_for(look_every);
    }
    if (auto gone = withdraw_from_inbox(inbox, request.id); !gone) {
        return tl::unexpected(gone.error());
    }
    // It may have been read just before.
    return take_inbox_reply(inbox, request.id);
}

// The journal of a short reign: written by the one thread there is.
class DirectJournal final : public FactSink {
 public:
    explicit DirectJournal(JournalWriter& writer) : writer_(writer) {}

    Appended append(const FactBatch& batch) override {
        return {.sequence = ++sequence_, .at = writer_.stage(batch)};
    }

    // Everything appended is durable after this.
    Result<std::uint64_t> commit() {
        if (committed_ == sequence_) return sequence_;
        if (auto written = writer_.write(writer_.take_staged()); !written) {
            return tl::unexpected(written.error());
        }
        committed_ = sequence_;
        return sequence_;
    }

 private:
    JournalWriter& writer_;
    std::uint64_t sequence_ = 0;
    std::uint64_t committed_ = 0;
};

// A reign of one request.
struct ShortReign {
    Reign reign;
    DirectJournal& journal;
    Backend& backend;
    std::optional<ClientReply> reply;
    std::size_t ending = 0;  // allocations that were asked to end

    Result<void> settle(const std::string& id);
    void await_allocations(Millis end_boot);
};

// Persists what was decided and says what may be said then. New allocations are for the next reign;
// agents of a coordinator that died are not connected to us and leave with their allocation.
Result<void> ShortReign::settle(const std::string& id) {
    const auto durable = journal.commit();
    if (!durable) return tl::unexpected(durable.error());
    reign.on_durable(read_clocks(), *durable);
    for (Outgoing& outgoing : reign.take()) {
        auto* said = std::get_if<ClientReply>(&outgoing);
        if (said != nullptr && said->id == id) reply = std::move(*said);
        if (const auto* order = std::get_if<EndAllocation>(&outgoing)) {
            ++ending;
            backend.carry_out(read_clocks(), *order);
        }
    }
    return {};
}

void ShortReign::await_allocations(Millis end_boot) {
    while (ending > 0) {
        const Now now = read_clocks();
        for (const AllocationEvent& event : backend.poll(now)) {
            if (std::holds_alternative<AllocationEnded>(event.what) && ending > 0) --ending;
        }
        if (ending == 0 || now.boot >= end_boot) return;
        const Millis wake = std::min(end_boot, backend.next_poll());
        pollfd watched{.fd = backend.descriptor(), .events = POLLIN, .revents = 0};
        poll(&watched, 1, static_cast<int>(std::max(wake - now.boot, Millis(0)).count()));
    }
}

std::vector<AllocationState> open_allocations(const State& state) {
    std::vector<AllocationState> open;
    for (const AllocationState& each : state.allocations()) {
        if (!each.ended && each.submitted) open.push_back(each);
    }
    return open;
}

}  // namespace

Result<ClientReply> ask(Disk& disk, const AskSettings& settings, const ClientRequest& request) {
    auto reply = ask_by_socket(disk, settings, request);
    if (!reply) return tl::unexpected(reply.error());
    if (*reply) return std::move(**reply);
    if (auto reigns = check_reigning(disk, settings); !reigns)
        return tl::unexpected(reigns.error());
    reply = ask_by_file(settings, request);
    if (!reply) return tl::unexpected(reply.error());
    if (*reply) return std::move(**reply);
    // It may have ended meanwhile.
    const auto holder = check_reigning(disk, settings);
    if (!holder) return tl::unexpected(holder.error());
    return fail(
        ErrorCode::unavailable,
        fmt::format(
            "process {} on {} runs this sweep and does not answer; try again, or look with `xorch "
            "status`",
            holder->pid,
            holder->host
        )
    );
}

Result<ClientReply> apply_offline(
    Disk& disk, const OfflineSettings& settings, const Sweep& sweep, const ClientRequest& request
) {
    auto claimed = claim_epoch(disk, settings.claim, sweep);
    if (!claimed) return tl::unexpected(claimed.error());
    DirectJournal journal(claimed->writer);
    Backend& backend = *settings.backend;
    backend.take_over(read_clocks(), open_allocations(claimed->state));
    ShortReign reigning{
        .reign = {std::move(claimed->state), claimed->writer.epoch(), journal, read_clocks()},
        .journal = journal,
        .backend = backend,
    };
    // One that is gone already needs no end.
    reigning.reign.on_allocations(read_clocks(), backend.poll(read_clocks()));
    reigning.reign.on_request(read_clocks(), request);
    for (int round = 0; round < rounds_max && !reigning.reign.finished(); ++round) {
        auto settled = reigning.settle(request.id);
        if (!settled) return tl::unexpected(settled.error());
        reigning.reign.on_stop_requested(read_clocks(), true);
    }
    if (auto settled = reigning.settle(request.id); !settled) {
        return tl::unexpected(settled.error());
    }
    reigning.await_allocations(read_clocks().boot + settings.farewell);
    if (reigning.reply) return std::move(*reigning.reply);
    return fail(ErrorCode::internal, "the request was not answered");
}

}  // namespace xorch
