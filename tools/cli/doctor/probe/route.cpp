#include "tools/cli/doctor/probe/route.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/io/clock.h"

namespace xorch {

namespace {

constexpr std::size_t word_bytes_max = 64;
constexpr int waiting_max = 8;

Result<sockaddr_in> parse_address(const std::string& address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &result.sin_addr) == 1) return result;
    return fail(ErrorCode::invalid_input, address + " is no numeric IPv4 address");
}

Result<Descriptor> make_tcp_socket() {
    Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.is_open()) return fail_from_errno("making a socket", errno);
    return made;
}

const sockaddr* as_sockaddr(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// False if it did not happen before `end_boot`.
bool wait_for(const Descriptor& socket, short events, Millis end_boot) {
    pollfd watched{.fd = socket.number(), .events = events, .revents = 0};
    while (true) {
        const Millis left = end_boot - read_clocks().boot;
        if (left.count() <= 0) return false;
        const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

Result<void> finish_connecting(const Descriptor& socket, Millis end_boot) {
    if (!wait_for(socket, POLLOUT, end_boot)) {
        return fail(ErrorCode::unavailable, "no answer in time");
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    if (::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &problem, &size) != 0) problem = errno;
    if (problem != 0) return fail_from_errno("connecting", problem);
    return {};
}

Result<void> hear(const Descriptor& socket, const std::string& word, Millis end_boot) {
    std::string heard;
    while (heard.size() < word.size()) {
        if (!wait_for(socket, POLLIN, end_boot)) {
            return fail(ErrorCode::unavailable, "somebody accepts, but says nothing in time");
        }
        std::array<char, word_bytes_max> chunk{};
        const ssize_t got = ::recv(socket.number(), chunk.data(), chunk.size(), 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return fail_from_errno("reading", errno);
        if (got == 0) break;
        heard.append(chunk.data(), static_cast<std::size_t>(got));
    }
    if (heard == word) return {};
    return fail(ErrorCode::unavailable, "somebody else answers there");
}

}  // namespace

Result<RouteListener> RouteListener::open(const std::string& address, std::string word) {
    auto where = parse_address(address, 0);
    if (!where) return tl::unexpected(where.error());
    if (word.empty() || word.size() > word_bytes_max) {
        return fail(ErrorCode::invalid_input, "a listener says a word of at most 64 bytes");
    }
    auto made = make_tcp_socket();
    if (!made) return tl::unexpected(made.error());
    if (::bind(made->number(), as_sockaddr(*where), sizeof *where) != 0 ||
        ::listen(made->number(), waiting_max) != 0) {
        return fail_from_errno("listening on " + address, errno);
    }
    socklen_t size = sizeof *where;
    if (::getsockname(made->number(), reinterpret_cast<sockaddr*>(&*where), &size) != 0) {
        return fail_from_errno("asking for the port", errno);
    }
    return RouteListener(std::move(*made), ntohs(where->sin_port), std::move(word));
}

void RouteListener::answer() {
    while (true) {
        const Descriptor peer(
            ::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)
        );
        if (!peer.is_open()) return;
        // So few bytes fit into the buffer of a new connection, or the peer is gone.
        [[maybe_unused]] const ssize_t sent =
            ::send(peer.number(), word_.data(), word_.size(), MSG_NOSIGNAL);
    }
}

Result<void> try_route(const RouteGoal& goal, Millis time) {
    const Millis end_boot = read_clocks().boot + time;
    const auto where = parse_address(goal.address, goal.port);
    if (!where) return tl::unexpected(where.error());
    const auto made = make_tcp_socket();
    if (!made) return tl::unexpected(made.error());
    const std::string place = fmt::format("{}:{}", goal.address, goal.port);
    const bool pending = ::connect(made->number(), as_sockaddr(*where), sizeof *where) != 0;
    if (pending && errno != EINPROGRESS) return fail_from_errno(place, errno);
    if (pending) {
        const auto connected = finish_connecting(*made, end_boot);
        if (!connected) return fail_with_context(connected.error(), place);
    }
    const auto heard = hear(*made, goal.word, end_boot);
    if (!heard) return fail_with_context(heard.error(), place);
    return {};
}

}  // namespace xorch
