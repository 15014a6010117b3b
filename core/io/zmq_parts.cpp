#include "core/io/zmq_parts.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>

namespace xorch::zmq_parts {
namespace {

// Each of thousands of connections needs a descriptor but no socket of the context: one ROUTER or
// DEALER, a monitor pair and the ZAP handler are all that we ever open in one.
constexpr int sockets_per_context = 16;

}  // namespace

void CloseContext::operator()(void* context) const {
    while (zmq_ctx_term(context) != 0 && errno == EINTR) {
    }
}

void CloseSocket::operator()(void* socket) const {
    zmq_close(socket);
}

tl::unexpected<Error> fail_from_zmq(std::string_view doing) {
    const int error_number = zmq_errno();
    const ErrorCode code =
        error_number == EADDRINUSE ? ErrorCode::conflict : ErrorCode::unavailable;
    return fail(code, fmt::format("{}: {}", doing, zmq_strerror(error_number)));
}

Result<Context> make_context() {
    Context context(zmq_ctx_new());
    if (!context) return fail_from_zmq("creating a ZeroMQ context");
    if (zmq_ctx_set(context.get(), ZMQ_MAX_SOCKETS, sockets_per_context) != 0) {
        return fail_from_zmq("limiting a ZeroMQ context");
    }
    return context;
}

Result<Socket> make_socket(void* context, int type) {
    Socket socket(zmq_socket(context, type));
    if (!socket) return fail_from_zmq("creating a ZeroMQ socket");
    return socket;
}

void Options::set_bytes(Option option, const void* value, std::size_t size) {
    if (!result_) return;
    if (zmq_setsockopt(socket_, option.number, value, size) != 0) {
        result_ = fail_from_zmq(fmt::format("setting {}", option.name));
    }
}

Options& Options::set(Option option, int value) {
    set_bytes(option, &value, sizeof value);
    return *this;
}

Options& Options::set(Option option, std::int64_t value) {
    set_bytes(option, &value, sizeof value);
    return *this;
}

Options& Options::set(Option option, const std::string& value) {
    set_bytes(option, value.data(), value.size());
    return *this;
}

std::string text_option(void* socket, int option) {
    std::array<char, 256> text{};
    std::size_t size = text.size();
    if (zmq_getsockopt(socket, option, text.data(), &size) != 0 || size == 0) return {};
    return {text.data(), size - 1};
}

bool is_readable(void* socket) {
    int events = 0;
    std::size_t size = sizeof events;
    if (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) != 0) return false;
    return (events & ZMQ_POLLIN) != 0;
}

std::optional<Message> receive_message(void* socket) {
    Message message;
    bool more = true;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        const int got = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT);
        if (got < 0 && zmq_errno() == EINTR) {
            zmq_msg_close(&part);
            continue;
        }
        if (got < 0) {
            zmq_msg_close(&part);
            return std::nullopt;
        }
        message.parts.emplace_back(
            static_cast<const char*>(zmq_msg_data(&part)), zmq_msg_size(&part)
        );
        if (const char* user = zmq_msg_gets(&part, "User-Id")) message.user = user;
        more = zmq_msg_more(&part) != 0;
        zmq_msg_close(&part);
    }
    return message;
}

Result<std::string> format_tcp(const std::string& address, std::uint16_t port) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    const std::string port_text = port == 0 ? "*" : std::to_string(port);
    if (inet_pton(AF_INET, address.c_str(), parsed.data()) == 1) {
        return fmt::format("tcp://{}:{}", address, port_text);
    }
    if (inet_pton(AF_INET6, address.c_str(), parsed.data()) == 1) {
        return fmt::format("tcp://[{}]:{}", address, port_text);
    }
    return fail(ErrorCode::invalid_input, fmt::format("'{}' is no numeric address", address));
}

Result<Wake> Wake::make(const std::vector<void*>& sockets) {
    Wake wake;
    wake.poll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    wake.event_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.poll_.is_open() || !wake.event_.is_open()) {
        return fail_from_errno("creating an event descriptor", errno);
    }
    std::vector<int> watched{wake.event_.number()};
    for (void* socket : sockets) {
        int descriptor = -1;
        std::size_t size = sizeof descriptor;
        if (zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) != 0) {
            return fail_from_zmq("asking for a socket's descriptor");
        }
        watched.push_back(descriptor);
    }
    for (const int descriptor : watched) {
        epoll_event event{};
        event.events = EPOLLIN;
        if (epoll_ctl(wake.poll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
            return fail_from_errno("watching a socket", errno);
        }
    }
    return wake;
}

void Wake::ring() {
    const std::uint64_t one = 1;
    // A full counter rings already.
    [[maybe_unused]] const ssize_t written = write(event_.number(), &one, sizeof one);
}

void Wake::calm() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_.number(), &count, sizeof count);
}

}  // namespace xorch::zmq_parts
