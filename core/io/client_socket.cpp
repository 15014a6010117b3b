#include "core/io/client_socket.h"

#include <fmt/format.h>
#include <zmq.h>

#include <cstring>
#include <optional>
#include <utility>

#include "core/io/zmq_parts.h"

namespace xorch {
namespace {

using zmq_parts::Options;

constexpr const char* monitor_address = "inproc://monitor";
constexpr std::int64_t curve_overhead = 64;

int whole_milliseconds(Millis time) {
    return static_cast<int>(time.count());
}

Result<void> configure_dealer(void* dealer, const ClientSettings& settings) {
    const auto frame_limit = static_cast<std::int64_t>(settings.frame_bytes) + curve_overhead;
    const int ipv6 = settings.endpoint.find('[') == std::string::npos ? 0 : 1;
    const int silence = whole_milliseconds(settings.silence_max);
    return Options(dealer)
        .set({ZMQ_CURVE_SERVERKEY, "ZMQ_CURVE_SERVERKEY"}, settings.server_public_key)
        .set({ZMQ_CURVE_PUBLICKEY, "ZMQ_CURVE_PUBLICKEY"}, settings.keys.public_key)
        .set({ZMQ_CURVE_SECRETKEY, "ZMQ_CURVE_SECRETKEY"}, settings.keys.secret_key)
        .set({ZMQ_MAXMSGSIZE, "ZMQ_MAXMSGSIZE"}, frame_limit)
        .set({ZMQ_RECONNECT_IVL, "ZMQ_RECONNECT_IVL"}, whole_milliseconds(settings.reconnect_first))
        .set(
            {ZMQ_RECONNECT_IVL_MAX, "ZMQ_RECONNECT_IVL_MAX"},
            whole_milliseconds(settings.reconnect_max)
        )
        .set({ZMQ_HEARTBEAT_IVL, "ZMQ_HEARTBEAT_IVL"}, whole_milliseconds(settings.heartbeat))
        .set({ZMQ_HEARTBEAT_TIMEOUT, "ZMQ_HEARTBEAT_TIMEOUT"}, silence)
        .set({ZMQ_HEARTBEAT_TTL, "ZMQ_HEARTBEAT_TTL"}, silence)
        .set({ZMQ_CONNECT_TIMEOUT, "ZMQ_CONNECT_TIMEOUT"}, silence)
        // Frames queue only on a connection that exists: a queue that outlives its connection would
        // repeat what the hello repeats anyway.
        .set({ZMQ_IMMEDIATE, "ZMQ_IMMEDIATE"}, 1)
        .set({ZMQ_SNDHWM, "ZMQ_SNDHWM"}, settings.frames_queued)
        .set({ZMQ_RCVHWM, "ZMQ_RCVHWM"}, settings.frames_queued)
        .set({ZMQ_LINGER, "ZMQ_LINGER"}, whole_milliseconds(settings.linger))
        .set({ZMQ_IPV6, "ZMQ_IPV6"}, ipv6)
        .result();
}

}  // namespace

struct ClientSocket::Content {
    zmq_parts::Context context;
    zmq_parts::Socket monitor;
    zmq_parts::Socket dealer;
    zmq_parts::Wake wake;
    bool connected = false;

    std::optional<ClientEvent> next_change();
};

// A monitor's message is the event's number (16 bits) with a value, then the address.
std::optional<ClientEvent> ClientSocket::Content::next_change() {
    while (const auto message = zmq_parts::receive_message(monitor.get())) {
        std::uint16_t event = 0;
        if (message->parts.empty() || message->parts[0].size() < sizeof event) continue;
        std::memcpy(&event, message->parts[0].data(), sizeof event);
        const bool now_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        if (now_connected == connected) continue;
        connected = now_connected;
        const auto kind =
            connected ? ClientEvent::Kind::connected : ClientEvent::Kind::disconnected;
        return ClientEvent{.kind = kind, .bytes = {}};
    }
    return std::nullopt;
}

ClientSocket::ClientSocket(std::unique_ptr<Content> content) : content_(std::move(content)) {}

ClientSocket::~ClientSocket() = default;
ClientSocket::ClientSocket(ClientSocket&&) noexcept = default;
ClientSocket& ClientSocket::operator=(ClientSocket&&) noexcept = default;

Result<ClientSocket> ClientSocket::connect(const ClientSettings& settings) {
    auto content = std::make_unique<Content>();
    auto context = zmq_parts::make_context();
    if (!context) return tl::unexpected(context.error());
    content->context = std::move(*context);

    auto dealer = zmq_parts::make_socket(content->context.get(), ZMQ_DEALER);
    if (!dealer) return tl::unexpected(dealer.error());
    content->dealer = std::move(*dealer);
    if (auto configured = configure_dealer(content->dealer.get(), settings); !configured) {
        return tl::unexpected(configured.error());
    }

    // The monitor listens before the first connection can succeed.
    constexpr int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
    if (zmq_socket_monitor(content->dealer.get(), monitor_address, events) != 0) {
        return zmq_parts::fail_from_zmq("watching a connection");
    }
    auto monitor = zmq_parts::make_socket(content->context.get(), ZMQ_PAIR);
    if (!monitor) return tl::unexpected(monitor.error());
    content->monitor = std::move(*monitor);
    const auto set = Options(content->monitor.get()).set({ZMQ_LINGER, "ZMQ_LINGER"}, 0).result();
    if (!set) return tl::unexpected(set.error());
    if (zmq_connect(content->monitor.get(), monitor_address) != 0) {
        return zmq_parts::fail_from_zmq("watching a connection");
    }

    if (zmq_connect(content->dealer.get(), settings.endpoint.c_str()) != 0) {
        return zmq_parts::fail_from_zmq(fmt::format("connecting to '{}'", settings.endpoint));
    }
    auto wake = zmq_parts::Wake::make({content->dealer.get(), content->monitor.get()});
    if (!wake) return tl::unexpected(wake.error());
    content->wake = std::move(*wake);
    content->wake.ring();  // What arrived before the descriptor was asked for rings no bell.
    return ClientSocket(std::move(content));
}

std::vector<ClientEvent> ClientSocket::receive(std::size_t frames_max) {
    std::vector<ClientEvent> events;
    content_->wake.calm();
    // Connections first: a frame is the answer to something said after `connected`.
    while (auto change = content_->next_change()) {
        events.push_back(std::move(*change));
    }
    for (std::size_t taken = 0; taken < frames_max; ++taken) {
        auto message = zmq_parts::receive_message(content_->dealer.get());
        if (!message) break;
        if (message->parts.size() != 1) continue;
        events.push_back(
            {.kind = ClientEvent::Kind::frame, .bytes = std::move(message->parts.front())}
        );
    }
    if (zmq_parts::is_readable(content_->dealer.get()) ||
        zmq_parts::is_readable(content_->monitor.get())) {
        content_->wake.ring();
    }
    return events;
}

bool ClientSocket::send(std::string_view bytes) {
    if (!content_->connected) return false;
    void* dealer = content_->dealer.get();
    const bool taken = zmq_send(dealer, bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0;
    // Sending lets ZeroMQ swallow the bell for a frame that came in meanwhile.
    if (zmq_parts::is_readable(dealer)) content_->wake.ring();
    return taken;
}

bool ClientSocket::is_connected() const {
    return content_->connected;
}

int ClientSocket::descriptor() const {
    return content_->wake.descriptor();
}

}  // namespace xorch
