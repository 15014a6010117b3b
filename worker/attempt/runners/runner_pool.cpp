#include "worker/attempt/runners/runner_pool.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/io/pipe.h"
#include "core/io/spawn.h"

namespace xorch {

namespace {

struct SocketPair {
    Descriptor ours;    // does not block
    Descriptor theirs;  // blocks
};

Result<SocketPair> make_socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail_from_errno("making a socket pair", errno);
    return SocketPair{.ours = Descriptor(ends[0]), .theirs = Descriptor(ends[1])};
}

void kill_runner(RunnerProcess& runner) {
    // Our child until it is reaped: its pid cannot be somebody else's.
    ::kill(runner.pid, SIGKILL);
    runner.killed = true;
}

bool is_idle(const RunnerProcess& runner) {
    return runner.serial == 0 && !runner.worn && !runner.killed;
}

}  // namespace

Result<RunnerProcess*> RunnerPool::take(
    std::uint64_t serial, const std::vector<std::string>& environment
) {
    for (auto& [number, runner] : runners_) {
        if (!is_idle(runner) || runner.environment != environment) continue;
        runner.serial = serial;
        return &runner;
    }
    make_room();
    auto started = start(environment);
    if (!started) return tl::unexpected(started.error());
    started->number = ++last_number_;
    started->serial = serial;
    return &runners_.emplace(last_number_, std::move(*started)).first->second;
}

void RunnerPool::make_room() {
    const auto living = std::count_if(runners_.begin(), runners_.end(), [](const auto& entry) {
        return !entry.second.killed;
    });
    if (static_cast<std::size_t>(living) < settings_.count_max) return;
    for (auto& [number, runner] : runners_) {
        if (is_idle(runner)) return kill_runner(runner);
    }
}

Result<RunnerProcess> RunnerPool::start(const std::vector<std::string>& environment) {
    if (::access(settings_.program.c_str(), X_OK) != 0) {
        return fail(
            ErrorCode::not_found,
            fmt::format("native jobs need xorch-runner, and {} is not there", settings_.program)
        );
    }
    auto sockets = make_socket_pair();
    if (!sockets) return tl::unexpected(sockets.error());
    auto output = make_pipe();
    if (!output) return tl::unexpected(output.error());
    const auto pid = spawn({
        .program = settings_.program,
        .argv = {settings_.program, "serve", std::to_string(settings_.growth_max.value)},
        .environment = environment,
        .directory = settings_.directory,
        .input = sockets->theirs.number(),
        .output = output->write_end.number()
    });
    if (!pid) return tl::unexpected(pid.error());
    RunnerProcess runner;
    runner.pid = *pid;
    runner.socket = std::move(sockets->ours);
    runner.output = std::move(output->read_end);
    runner.environment = environment;
    return runner;
}

void RunnerPool::give_back(std::uint64_t number) {
    RunnerProcess* runner = find(number);
    if (runner == nullptr) return;
    runner->serial = 0;
    if (runner->worn && !runner->killed) kill_runner(*runner);
}

RunnerProcess* RunnerPool::find(std::uint64_t number) {
    const auto found = runners_.find(number);
    return found == runners_.end() ? nullptr : &found->second;
}

RunnerProcess* RunnerPool::find_pid(pid_t pid) {
    for (auto& [number, runner] : runners_) {
        if (runner.pid == pid) return &runner;
    }
    return nullptr;
}

void RunnerPool::remove(std::uint64_t number) {
    runners_.erase(number);
}

void RunnerPool::kill_all() {
    for (auto& [number, runner] : runners_) {
        if (!runner.killed) kill_runner(runner);
    }
}

bool send_order(const Descriptor& socket, const RunnerOrder& order) {
    const std::string bytes = encode_runner_order(order);
    const ssize_t sent =
        ::send(socket.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
}

Result<std::vector<RunnerNews>> read_news(const Descriptor& socket, FrameInbox& inbox) {
    std::array<char, 16384> chunk{};
    for (;;) {
        const ssize_t got = ::recv(socket.number(), chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        inbox.add(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
    }
    std::vector<RunnerNews> news;
    for (;;) {
        const auto payload = inbox.next();
        if (!payload) return tl::unexpected(payload.error());
        if (!*payload) return news;
        auto item = decode_runner_news(**payload);
        if (!item) return tl::unexpected(item.error());
        news.push_back(std::move(*item));
    }
}

}  // namespace xorch
