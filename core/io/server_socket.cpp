#include "core/io/server_socket.h"

#include <zmq.h>

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/io/zmq_parts.h"

// Option 93 is declared for draft builds only, yet every stable libzmq 4.3 accepts it; its result
// is checked.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

namespace xorch {
namespace {

using zmq_parts::Message;
using zmq_parts::Options;

constexpr const char* zap_domain = "xorch";
// An encrypted frame is longer than what it carries: command name, nonce, authenticator, flags.
constexpr std::int64_t curve_overhead = 64;
// What one call of receive() may hand over, so that a turn of the loop stays bounded.
constexpr std::size_t bytes_per_receive = 64U << 20U;
// Binary length of a CURVE key, and of its Z85 text with the final zero.
constexpr std::size_t key_bytes = 32;
constexpr std::size_t key_text = 41;

// RFC 27: version, request id, domain, address, identity, mechanism, credentials.
struct ZapRequest {
    std::string id;
    std::string domain;
    std::string mechanism;
    std::string public_key;  // Z85; empty unless the credentials are one CURVE key
};

std::optional<ZapRequest> parse_zap(const Message& message) {
    const auto& parts = message.parts;
    if (parts.size() < 6 || parts[0] != "1.0") return std::nullopt;
    ZapRequest request{.id = parts[1], .domain = parts[2], .mechanism = parts[5], .public_key = {}};
    if (parts.size() == 7 && parts[6].size() == key_bytes) {
        std::array<std::uint8_t, key_bytes> binary{};
        std::copy(parts[6].begin(), parts[6].end(), binary.begin());
        std::array<char, key_text> text{};
        if (zmq_z85_encode(text.data(), binary.data(), binary.size()) != nullptr) {
            request.public_key = text.data();
        }
    }
    return request;
}

void answer_zap(void* handler, const ZapRequest& request, bool allowed) {
    const std::array<std::string, 6> reply{
        "1.0",
        request.id,
        allowed ? "200" : "400",
        allowed ? "OK" : "no",
        allowed ? request.public_key : "",
        ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
        const int flags = ZMQ_DONTWAIT | (i + 1 < reply.size() ? ZMQ_SNDMORE : 0);
        if (zmq_send(handler, reply[i].data(), reply[i].size(), flags) < 0) return;
    }
}

int whole_milliseconds(Millis time) {
    return static_cast<int>(time.count());
}

Result<void> configure_router(void* router, const ServerSettings& settings) {
    const auto frame_limit = static_cast<std::int64_t>(settings.frame_bytes) + curve_overhead;
    const int beat = whole_milliseconds(settings.heartbeat);
    const int ipv6 = settings.address.find(':') == std::string::npos ? 0 : 1;
    return Options(router)
        .set({ZMQ_CURVE_SERVER, "ZMQ_CURVE_SERVER"}, 1)
        .set({ZMQ_CURVE_SECRETKEY, "ZMQ_CURVE_SECRETKEY"}, settings.keys.secret_key)
        // Without a domain and its enforcement a CURVE server lets in everybody.
        .set({ZMQ_ZAP_DOMAIN, "ZMQ_ZAP_DOMAIN"}, std::string(zap_domain))
        .set({ZMQ_ZAP_ENFORCE_DOMAIN, "ZMQ_ZAP_ENFORCE_DOMAIN"}, 1)
        .set({ZMQ_MAXMSGSIZE, "ZMQ_MAXMSGSIZE"}, frame_limit)
        .set({ZMQ_HANDSHAKE_IVL, "ZMQ_HANDSHAKE_IVL"}, whole_milliseconds(settings.handshake))
        .set({ZMQ_HEARTBEAT_IVL, "ZMQ_HEARTBEAT_IVL"}, beat)
        .set({ZMQ_HEARTBEAT_TIMEOUT, "ZMQ_HEARTBEAT_TIMEOUT"}, 4 * beat)
        .set({ZMQ_BACKLOG, "ZMQ_BACKLOG"}, settings.connections_waiting)
        .set({ZMQ_SNDHWM, "ZMQ_SNDHWM"}, settings.frames_queued)
        .set({ZMQ_RCVHWM, "ZMQ_RCVHWM"}, settings.frames_queued)
        // Without it, a frame for a full or lost peer would vanish without a word.
        .set({ZMQ_ROUTER_MANDATORY, "ZMQ_ROUTER_MANDATORY"}, 1)
        .set({ZMQ_LINGER, "ZMQ_LINGER"}, whole_milliseconds(settings.linger))
        .set({ZMQ_IPV6, "ZMQ_IPV6"}, ipv6)
        .result();
}

}  // namespace

struct ServerSocket::Content {
    zmq_parts::Context context;
    zmq_parts::Socket zap;
    zmq_parts::Socket router;
    zmq_parts::Wake wake;
    std::string endpoint;
    std::size_t frame_bytes = 0;
    std::map<std::string, Peer> allowed;  // by public key

    void answer_handshakes();
    std::optional<ReceivedFrame> accept(Message message) const;
};

void ServerSocket::Content::answer_handshakes() {
    while (auto message = zmq_parts::receive_message(zap.get())) {
        const auto request = parse_zap(*message);
        // Only ZeroMQ itself reaches this socket; what it sends is well-formed. A REP socket that
        // did not answer is stuck, so answer anyway.
        const bool known = request && request->domain == zap_domain &&
                           request->mechanism == "CURVE" && allowed.contains(request->public_key);
        answer_zap(zap.get(), request.value_or(ZapRequest{}), known);
    }
}

std::optional<ReceivedFrame> ServerSocket::Content::accept(Message message) const {
    if (message.parts.size() != 2 || message.parts[1].size() > frame_bytes) return std::nullopt;
    const auto peer = allowed.find(message.user);
    if (peer == allowed.end()) return std::nullopt;
    return ReceivedFrame{
        .peer = peer->second,
        .route = std::move(message.parts[0]),
        .bytes = std::move(message.parts[1]),
    };
}

ServerSocket::ServerSocket(std::unique_ptr<Content> content) : content_(std::move(content)) {}

ServerSocket::~ServerSocket() = default;
ServerSocket::ServerSocket(ServerSocket&&) noexcept = default;
ServerSocket& ServerSocket::operator=(ServerSocket&&) noexcept = default;

Result<ServerSocket> ServerSocket::bind(const ServerSettings& settings) {
    const auto address = zmq_parts::format_tcp(settings.address, 0);
    if (!address) return tl::unexpected(address.error());
    auto content = std::make_unique<Content>();
    content->frame_bytes = settings.frame_bytes;

    auto context = zmq_parts::make_context();
    if (!context) return tl::unexpected(context.error());
    content->context = std::move(*context);

    // The handler is there before the door opens.
    auto zap = zmq_parts::make_socket(content->context.get(), ZMQ_REP);
    if (!zap) return tl::unexpected(zap.error());
    content->zap = std::move(*zap);
    if (auto set = Options(content->zap.get()).set({ZMQ_LINGER, "ZMQ_LINGER"}, 0).result(); !set) {
        return tl::unexpected(set.error());
    }
    if (zmq_bind(content->zap.get(), "inproc://zeromq.zap.01") != 0) {
        return zmq_parts::fail_from_zmq("binding the handler of keys");
    }

    auto router = zmq_parts::make_socket(content->context.get(), ZMQ_ROUTER);
    if (!router) return tl::unexpected(router.error());
    content->router = std::move(*router);
    if (auto configured = configure_router(content->router.get(), settings); !configured) {
        return tl::unexpected(configured.error());
    }
    if (zmq_bind(content->router.get(), address->c_str()) != 0) {
        return zmq_parts::fail_from_zmq("listening on " + *address);
    }
    content->endpoint = zmq_parts::text_option(content->router.get(), ZMQ_LAST_ENDPOINT);

    auto wake = zmq_parts::Wake::make({content->router.get(), content->zap.get()});
    if (!wake) return tl::unexpected(wake.error());
    content->wake = std::move(*wake);
    content->wake.ring();  // What arrived before the descriptor was asked for rings no bell.
    return ServerSocket(std::move(content));
}

void ServerSocket::allow(const std::string& public_key, Peer peer) {
    content_->allowed.insert_or_assign(public_key, peer);
}

void ServerSocket::revoke(const std::string& public_key) {
    content_->allowed.erase(public_key);
}

std::vector<ReceivedFrame> ServerSocket::receive(std::size_t frames_max) {
    std::vector<ReceivedFrame> frames;
    content_->wake.calm();
    content_->answer_handshakes();
    std::size_t bytes = 0;
    // Refused frames count against the limit of a turn as well.
    for (std::size_t taken = 0; taken < frames_max && bytes < bytes_per_receive; ++taken) {
        auto message = zmq_parts::receive_message(content_->router.get());
        if (!message) break;
        for (const std::string& part : message->parts) {
            bytes += part.size();
        }
        if (auto frame = content_->accept(std::move(*message))) {
            frames.push_back(std::move(*frame));
        }
    }
    if (zmq_parts::is_readable(content_->router.get()) ||
        zmq_parts::is_readable(content_->zap.get())) {
        content_->wake.ring();
    }
    return frames;
}

Sent ServerSocket::send(const std::string& route, std::string_view bytes) {
    void* router = content_->router.get();
    Sent sent = Sent::yes;
    if (zmq_send(router, route.data(), route.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) {
        sent = zmq_errno() == EAGAIN ? Sent::full : Sent::gone;
    } else if (zmq_send(router, bytes.data(), bytes.size(), ZMQ_DONTWAIT) < 0) {
        sent = Sent::gone;
    }
    // Sending lets ZeroMQ swallow the bell for a frame that came in meanwhile.
    if (zmq_parts::is_readable(router)) content_->wake.ring();
    return sent;
}

const std::string& ServerSocket::endpoint() const {
    return content_->endpoint;
}

int ServerSocket::descriptor() const {
    return content_->wake.descriptor();
}

}  // namespace xorch
