#include "core/io/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>

// The header of glibc 2.36 forgets to say that its functions are C.
extern "C" {
#include <sys/pidfd.h>
}

namespace xorch {
namespace {

// Owners of what posix_spawn wants prepared.
class SpawnActions {
 public:
    SpawnActions() { posix_spawn_file_actions_init(&actions_); }

    ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }

    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;

    int prepare(const ProcessSettings& settings) {
        const std::string output = settings.output.empty() ? "/dev/null" : settings.output;
        constexpr int append = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
        int failed = posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
        if (failed == 0) {
            failed = posix_spawn_file_actions_addopen(&actions_, 1, output.c_str(), append, 0600);
        }
        if (failed == 0) failed = posix_spawn_file_actions_adddup2(&actions_, 1, 2);
        if (failed == 0) failed = posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
        if (failed == 0 && !settings.directory.empty()) {
            failed = posix_spawn_file_actions_addchdir_np(&actions_, settings.directory.c_str());
        }
        return failed;
    }

    const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
    posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
    SpawnAttributes() { posix_spawnattr_init(&attributes_); }

    ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }

    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    // Our loop blocks signals for signalfd; a child that inherited that could not be stopped.
    int prepare(bool new_session) {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        if (new_session) flags |= POSIX_SPAWN_SETSID;
        int failed = posix_spawnattr_setsigmask(&attributes_, &none);
        if (failed == 0) failed = posix_spawnattr_setsigdefault(&attributes_, &all);
        if (failed == 0) {
            failed = posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
        }
        return failed;
    }

    const posix_spawnattr_t* get() const { return &attributes_; }

 private:
    posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) {
        result.push_back(const_cast<char*>(text.c_str()));  // posix_spawn does not write to them
    }
    result.push_back(nullptr);
    return result;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

// Field 22, counted after the command name, which may contain anything but is closed by the last
// parenthesis. Nothing for a zombie: it ended.
std::optional<std::uint64_t> parse_start_time(std::string_view stat) {
    const std::size_t close = stat.rfind(')');
    if (close == std::string_view::npos || close + 2 >= stat.size()) return std::nullopt;
    std::string_view rest = stat.substr(close + 2);
    if (rest.front() == 'Z' || rest.front() == 'X') return std::nullopt;
    for (int field = 3; field < 22; ++field) {
        const std::size_t space = rest.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(space + 1);
    }
    std::uint64_t started = 0;
    if (!parse_number(rest.substr(0, rest.find(' ')), started)) return std::nullopt;
    return started;
}

ProcessEnd end_of(const siginfo_t& information) {
    if (information.si_code == CLD_EXITED) {
        return {.exit_code = information.si_status, .signal = 0, .known = true};
    }
    return {.exit_code = 0, .signal = information.si_status, .known = true};
}

}  // namespace

std::string format_process(ProcessName name) {
    return fmt::format("{}:{}", name.pid, name.started);
}

std::optional<ProcessName> parse_process(std::string_view text) {
    const std::size_t colon = text.find(':');
    ProcessName name;
    if (colon == std::string_view::npos || !parse_number(text.substr(0, colon), name.pid) ||
        !parse_number(text.substr(colon + 1), name.started)) {
        return std::nullopt;
    }
    return name;
}

Result<ProcessName> name_process(std::uint64_t pid) {
    const std::string path = fmt::format("/proc/{}/stat", pid);
    const Descriptor opened(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> text{};
    const ssize_t got =
        opened.is_open() ? read(opened.number(), text.data(), text.size()) : ssize_t{-1};
    const auto started =
        got > 0 ? parse_start_time(std::string_view(text.data(), static_cast<std::size_t>(got)))
                : std::nullopt;
    if (!started) return fail(ErrorCode::not_found, fmt::format("there is no process {}", pid));
    return ProcessName{.pid = pid, .started = *started};
}

Result<ProcessName> name_this_process() {
    return name_process(static_cast<std::uint64_t>(getpid()));
}

Result<WatchedProcess> WatchedProcess::start(const ProcessSettings& settings) {
    XORCH_CHECK(!settings.argv.empty(), "a process needs a program");
    const std::string doing = "starting " + settings.argv.front();
    SpawnActions actions;
    SpawnAttributes attributes;
    if (const int failed = actions.prepare(settings); failed != 0) {
        return fail_from_errno(doing, failed);
    }
    if (const int failed = attributes.prepare(settings.new_session); failed != 0) {
        return fail_from_errno(doing, failed);
    }
    pid_t pid = 0;
    const int failed = posix_spawnp(
        &pid,
        settings.argv.front().c_str(),
        actions.get(),
        attributes.get(),
        pointers(settings.argv).data(),
        pointers(settings.environment).data()
    );
    if (failed != 0) return fail_from_errno(doing, failed);
    WatchedProcess process;
    process.child_ = true;
    process.name_.pid = static_cast<std::uint64_t>(pid);
    // Our child keeps its pid until we reap it, so neither of these can meet another process.
    if (const auto name = name_process(process.name_.pid)) process.name_ = *name;
    process.pidfd_ = Descriptor(pidfd_open(pid, 0));
    if (!process.pidfd_.is_open()) return fail_from_errno(doing, errno);
    return process;
}

Result<WatchedProcess> WatchedProcess::watch(ProcessName name) {
    WatchedProcess process;
    process.name_ = name;
    process.pidfd_ = Descriptor(pidfd_open(static_cast<pid_t>(name.pid), 0));
    // Looked at after the pidfd holds on to the process: if it is still the one meant, it stays so.
    const auto found = name_process(name.pid);
    if (!process.pidfd_.is_open() || !found || *found != name) {
        return fail(ErrorCode::not_found, fmt::format("process {} is gone", format_process(name)));
    }
    return process;
}

std::optional<ProcessEnd> WatchedProcess::ended() {
    if (end_) return end_;
    if (child_) {
        siginfo_t information{};
        const auto id = static_cast<id_t>(pidfd_.number());
        const int waited = waitid(P_PIDFD, id, &information, WEXITED | WNOHANG);
        if (waited == 0 && information.si_pid != 0) end_ = end_of(information);
        // Somebody else reaped it (SIGCHLD ignored): over, but nobody knows how.
        if (waited != 0 && errno == ECHILD) end_ = ProcessEnd{.known = false};
        return end_;
    }
    pollfd waiting{.fd = pidfd_.number(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 0) > 0) end_ = ProcessEnd{.known = false};
    return end_;
}

void WatchedProcess::send(int signal_number) const {
    if (end_) return;
    // ESRCH means that it is gone, which is what a signal is for; nothing else can happen here.
    [[maybe_unused]] const int sent = pidfd_send_signal(pidfd_.number(), signal_number, nullptr, 0);
}

std::vector<std::string> current_environment() {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    return variables;
}

}  // namespace xorch
