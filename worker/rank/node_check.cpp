#include "worker/rank/node_check.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "core/io/clock.h"
#include "core/io/descriptor.h"

namespace xorch {

namespace {

constexpr Millis try_again{100};
constexpr std::size_t line_bytes_max = 256;

NodeCheck failed(std::string reason) {
    return {.passed = false, .unfit_node = {}, .reason = std::move(reason)};
}

std::string line_of(const GangPlan& plan, const std::string& node) {
    return fmt::format("{} {}\n", plan.check_token, node);
}

bool find_place_of_check(const GangPlan& plan, sockaddr_in& place) {
    place.sin_family = AF_INET;
    place.sin_port = htons(plan.check_port);
    return ::inet_pton(AF_INET, plan.address.c_str(), &place.sin_addr) == 1;
}

// False when the time is up.
bool wait_for(const Descriptor& socket, short events, Millis until) {
    const Millis left = until - read_clocks().boot;
    if (left <= Millis{0}) return false;
    pollfd watched{.fd = socket.number(), .events = events, .revents = 0};
    return ::poll(&watched, 1, static_cast<int>(left.count())) > 0;
}

// Empty if it does not come in time.
std::string read_line(const Descriptor& socket, Millis until) {
    std::string line;
    char byte = 0;
    while (line.size() < line_bytes_max && wait_for(socket, POLLIN, until)) {
        if (::recv(socket.number(), &byte, 1, 0) != 1) return "";
        line += byte;
        if (byte == '\n') return line;
    }
    return "";
}

bool send_line(const Descriptor& socket, const std::string& line) {
    const ssize_t sent = ::send(socket.number(), line.data(), line.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(line.size());
}

NodeCheck hear_nodes(const GangPlan& plan, Millis until) {
    sockaddr_in place{};
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto* address = reinterpret_cast<const sockaddr*>(&place);
    if (!find_place_of_check(plan, place) ||
        ::bind(listener.number(), address, sizeof place) != 0 ||
        ::listen(listener.number(), SOMAXCONN) != 0) {
        return failed(fmt::format("listening on {}: {}", plan.address, ::strerror(errno)));
    }
    std::vector<std::string> missing;
    for (std::size_t i = 1; i < plan.hosts.size(); ++i)
        missing.push_back(plan.hosts[i].node);
    std::vector<Descriptor> heard;
    while (!missing.empty() && wait_for(listener, POLLIN, until)) {
        Descriptor caller(::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!caller.is_open()) continue;
        const std::string line = read_line(caller, until);
        const auto found = std::find_if(missing.begin(), missing.end(), [&](const auto& node) {
            return line == line_of(plan, node);
        });
        if (found == missing.end()) continue;  // a stranger
        missing.erase(found);
        heard.push_back(std::move(caller));
    }
    if (missing.empty()) {
        for (const Descriptor& caller : heard)
            send_line(caller, line_of(plan, plan.hosts.front().node));
        return {.passed = true, .unfit_node = {}, .reason = {}};
    }
    // If several nodes hear nothing of this one, it is more likely to be the one at fault.
    const bool is_own = heard.empty() && missing.size() > 1;
    return {
        .passed = false,
        .unfit_node = is_own ? plan.hosts.front().node : missing.front(),
        .reason = fmt::format(
            "{} did not reach {} at {}",
            fmt::join(missing, ", "),
            plan.hosts.front().node,
            plan.address
        )};
}

NodeCheck report_to_first(const GangPlan& plan, const std::string& node, Millis until) {
    sockaddr_in place{};
    if (!find_place_of_check(plan, place)) return failed(plan.address + " is no address");
    int error = ETIMEDOUT;
    while (read_clocks().boot < until) {
        const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const auto* address = reinterpret_cast<const sockaddr*>(&place);
        if (::connect(socket.number(), address, sizeof place) != 0 && errno != EINPROGRESS) {
            error = errno;
        } else if (wait_for(socket, POLLOUT, until)) {
            socklen_t size = sizeof error;
            ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
            const bool answered = error == 0 && send_line(socket, line_of(plan, node)) &&
                                  !read_line(socket, until).empty();
            if (answered) return {.passed = true, .unfit_node = {}, .reason = {}};
        }
        // Rank 0 may not listen yet.
        ::poll(nullptr, 0, static_cast<int>(try_again.count()));
    }
    return failed(fmt::format("{} does not reach {}: {}", node, plan.address, ::strerror(error)));
}

}  // namespace

NodeCheck check_nodes(const GangPlan& plan, const RankPlace& place, Millis patience) {
    const Millis until = read_clocks().boot + patience;
    return place.rank == 0 ? hear_nodes(plan, until) : report_to_first(plan, place.node, until);
}

}  // namespace xorch
