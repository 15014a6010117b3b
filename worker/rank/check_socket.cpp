#include "worker/rank/check_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/io/clock.h"

namespace xorch {

namespace {

constexpr Millis try_again{100};

Result<sockaddr_in> place_at(const std::string& address, std::uint16_t port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &place.sin_addr) == 1) return place;
    return fail(ErrorCode::invalid_input, address + " is no address");
}

Descriptor make_socket() {
    return Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace

Result<Descriptor> listen_at(const std::string& address, std::uint16_t port) {
    const auto place = place_at(address, port);
    if (!place) return tl::unexpected(place.error());
    Descriptor listener = make_socket();
    const int yes = 1;
    ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto* generic = reinterpret_cast<const sockaddr*>(&*place);
    if (::bind(listener.number(), generic, sizeof *place) != 0 ||
        ::listen(listener.number(), SOMAXCONN) != 0) {
        return fail_from_errno("listening on " + address, errno);
    }
    return listener;
}

Result<Descriptor> reach(const std::string& address, std::uint16_t port, Millis until) {
    const auto place = place_at(address, port);
    if (!place) return tl::unexpected(place.error());
    int error = ETIMEDOUT;
    while (read_clocks().boot < until) {
        Descriptor socket = make_socket();
        const auto* generic = reinterpret_cast<const sockaddr*>(&*place);
        if (::connect(socket.number(), generic, sizeof *place) != 0 && errno != EINPROGRESS) {
            error = errno;
        } else if (wait_for(socket, POLLOUT, until)) {
            socklen_t size = sizeof error;
            ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
            if (error == 0) return socket;
        }
        ::poll(nullptr, 0, static_cast<int>(try_again.count()));
    }
    return fail_from_errno("reaching " + address, error);
}

bool wait_for(const Descriptor& socket, short events, Millis until) {
    const Millis left = std::max(until - read_clocks().boot, Millis{0});
    pollfd watched{.fd = socket.number(), .events = events, .revents = 0};
    return ::poll(&watched, 1, static_cast<int>(left.count())) > 0;
}

bool send_all(const Descriptor& socket, std::string_view bytes, Millis until) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN || !wait_for(socket, POLLOUT, until)) {
            return false;
        }
    }
    return true;
}

Reception receive(const Descriptor& socket, std::string& bytes, std::size_t size, Millis until) {
    std::array<char, 4096> chunk{};
    while (bytes.size() < size) {
        const std::size_t wanted = std::min(size - bytes.size(), chunk.size());
        const ssize_t got = ::recv(socket.number(), chunk.data(), wanted, 0);
        if (got > 0) {
            bytes.append(chunk.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EAGAIN) {
            return Reception::closed;
        } else if (!wait_for(socket, POLLIN, until)) {
            return Reception::silent;
        }
    }
    return Reception::whole;
}

}  // namespace xorch
