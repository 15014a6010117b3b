#include "jobs/runner/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <variant>

namespace xorch {

Result<bool> RunnerChannel::read(Pace pace) {
    std::array<char, 16384> chunk{};
    const int flags = pace == Pace::look ? MSG_DONTWAIT : 0;
    for (;;) {
        const ssize_t got = ::recv(socket_.number(), chunk.data(), chunk.size(), flags);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return false;
        if (got < 0 && errno != ECONNRESET) return fail_from_errno("hearing the agent", errno);
        if (got <= 0) {
            at_end_ = true;
            return false;
        }
        inbox_.add(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
        return true;
    }
}

Result<std::optional<RunnerOrder>> RunnerChannel::take() {
    const auto payload = inbox_.next();
    if (!payload) return tl::unexpected(payload.error());
    if (!*payload) return std::optional<RunnerOrder>();
    auto order = decode_runner_order(**payload);
    if (!order) return tl::unexpected(order.error());
    return std::optional<RunnerOrder>(std::move(*order));
}

Result<std::optional<RunnerOrder>> RunnerChannel::wait() {
    for (;;) {
        auto order = take();
        if (!order || *order) return order;
        const auto more = read(Pace::wait);
        if (!more) return tl::unexpected(more.error());
        if (at_end_) return std::optional<RunnerOrder>();
    }
}

bool RunnerChannel::stop_asked(std::uint64_t serial) {
    const auto more = read(Pace::look);
    auto order = more ? take() : tl::unexpected(more.error());
    while (order && *order) {
        // One unit at a time: nothing but its stop can come while it runs.
        if (const auto* stop = std::get_if<StopUnit>(&**order)) stopping_ = stop->serial;
        order = take();
    }
    if (!order) {
        fmt::print(stderr, "xorch-runner: {}\n", order.error().message);
        std::fflush(stderr);
        ::_exit(EXIT_FAILURE);
    }
    // No success: a launcher ends the other ranks of a gang after a failure only.
    if (at_end_) ::_exit(EXIT_FAILURE);
    return stopping_ == serial;
}

Result<void> RunnerChannel::send(const RunnerNews& news) {
    const std::string bytes = encode_runner_news(news);
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t put =
            ::send(socket_.number(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_from_errno("telling the agent", errno);
        sent += static_cast<std::size_t>(put);
    }
    return {};
}

}  // namespace xorch
