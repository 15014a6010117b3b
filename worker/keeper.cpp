#include "worker/keeper.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "core/io/clock.h"
#include "core/io/descriptor.h"
#include "core/io/process.h"
#include "core/io/signals.h"
#include "worker/os/process_tree.h"
#include "worker/scratch.h"

namespace xorch {

namespace {

// An agent that lived so long did not die of what it found at its start.
constexpr Millis settled_after{10'000};

// Between two looks at descendants that were killed and are not gone yet.
constexpr Millis look_again{5};

// How long an agent that is told to go or whose allocation ended may take before it is killed. It
// needs its units' grace periods; the batch system's own patience is usually 30 s.
constexpr Millis patience{60'000};

Result<IncarnationId> fresh_incarnation() {
    IncarnationId id;
    while (id.value == 0) {
        if (getrandom(&id.value, sizeof id.value, 0) != static_cast<ssize_t>(sizeof id.value)) {
            return fail_from_errno("drawing an incarnation", errno);
        }
    }
    return id;
}

// Whether a keeper looks after the process: then it is not ours to end.
bool is_kept(Process process) {
    while (process.parent > 1) {
        const auto parent = look_at(process.parent);
        if (!parent) return false;
        std::ifstream file(fmt::format("/proc/{}/cmdline", parent->pid));
        const std::string line((std::istreambuf_iterator<char>(file)), {});
        const std::size_t word = line.find('\0') + 1;
        if (std::string_view(line).substr(word, 7) == std::string_view("keeper\0", 7)) return true;
        process = *parent;
    }
    return false;
}

// What an agent left behind whose keeper died with it.
void end_leftovers(const std::string& sweep_directory) {
    while (true) {
        bool any = false;
        for (const Process& process : processes_of_sweep(sweep_directory, IncarnationId{})) {
            if (process.state == 'Z' || is_kept(process)) continue;
            any = signal_process(process, SIGKILL) || any;
        }
        if (!any) return;
        poll(nullptr, 0, static_cast<int>(look_again.count()));
    }
}

// Ranks on this node of gangs that the agent led: if Slurm started them, its daemon is their
// parent.
void end_led_ranks(IncarnationId leader) {
    const std::string hex = format_incarnation(leader);
    // What does not end is stuck in the kernel; its slots are no worse off than its node.
    end_processes([&] {
        return processes_with("XORCH_INCARNATION", [&](const std::string& each) {
            return each == hex;
        });
    });
}

class Keeper {
 public:
    Keeper(const KeeperSettings& settings, ProcessName self, Descriptor signals)
        : settings_(settings), self_(self), signals_(std::move(signals)) {}

    Result<void> run();

 private:
    Result<WatchedProcess> start_agent(IncarnationId incarnation) const;
    ProcessEnd watch(WatchedProcess& agent);
    void pass_signals(const WatchedProcess& agent);
    void reap_orphans(const WatchedProcess& agent) const;
    void end_descendants() const;
    void pause(Millis how_long);
    bool is_over() const;

    const KeeperSettings& settings_;
    ProcessName self_;
    Descriptor signals_;
    std::optional<Millis> told_to_go_;
};

Result<void> Keeper::run() {
    Millis retry = settings_.retry_first;
    int quick_failures = 0;
    while (true) {
        const auto incarnation = fresh_incarnation();
        if (!incarnation) return tl::unexpected(incarnation.error());
        const Millis started = read_clocks().boot;
        auto agent = start_agent(*incarnation);
        if (!agent) return fail_with_context(agent.error(), "starting the agent");
        const ProcessEnd end = watch(*agent);
        end_descendants();
        end_led_ranks(*incarnation);
        remove_scratch(self_, *incarnation);

        if ((end.exit_code == 0 && end.signal == 0) || is_over()) return {};
        if (read_clocks().boot - started >= settled_after) {
            retry = settings_.retry_first;
            quick_failures = 0;
        }
        if (end.signal == 0 && ++quick_failures >= settings_.quick_failures_max) {
            return fail(
                ErrorCode::internal,
                fmt::format(
                    "{} agents in a row exited with {} at once; see {}",
                    quick_failures,
                    end.exit_code,
                    settings_.layout.logs()
                )
            );
        }
        pause(retry);
        retry = std::min(2 * retry, settings_.retry_max);
        if (is_over()) return {};
    }
}

Result<WatchedProcess> Keeper::start_agent(IncarnationId incarnation) const {
    ProcessSettings process;
    process.argv = settings_.agent_command;
    const std::string hex = format_incarnation(incarnation);
    process.argv.insert(
        process.argv.end(),
        {"--sweep",
         settings_.layout.root,
         "--allocation",
         std::to_string(settings_.allocation.value),
         "--incarnation",
         hex,
         "--end-boot-ms",
         std::to_string(settings_.allocation_end_boot.count()),
         "--end-unix-s",
         std::to_string(settings_.allocation_end_unix.count() / 1'000)}
    );
    process.environment = current_environment();
    process.environment.push_back(std::string(keeper_variable) + "=" + format_process(self_));
    process.output = settings_.layout.logs() + "/agent-" + hex + ".log";
    return WatchedProcess::start(process);
}

ProcessEnd Keeper::watch(WatchedProcess& agent) {
    const Millis end = settings_.allocation_end_boot;
    bool killed = false;
    while (true) {
        if (const auto ended = agent.ended()) return *ended;
        reap_orphans(agent);
        const Millis now = read_clocks().boot;
        Millis kill_at = Millis::max();
        if (end > Millis{0}) kill_at = end + patience;
        if (told_to_go_) kill_at = std::min(kill_at, *told_to_go_ + patience);
        if (now >= kill_at && !killed) {
            agent.send(SIGKILL);
            killed = true;
        }
        const Millis wait = killed || kill_at == Millis::max() ? Millis{60'000} : kill_at - now;
        pollfd watched[] = {
            {.fd = agent.descriptor(), .events = POLLIN, .revents = 0},
            {.fd = signals_.number(),  .events = POLLIN, .revents = 0},
        };
        poll(watched, 2, static_cast<int>(std::clamp<std::int64_t>(wait.count() + 1, 1, 60'000)));
        pass_signals(agent);
    }
}

void Keeper::pass_signals(const WatchedProcess& agent) {
    signalfd_siginfo info{};
    while (read(signals_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo == SIGCHLD) continue;
        if (info.ssi_signo == SIGUSR2) {
            agent.send(SIGUSR2);
            continue;
        }
        if (!told_to_go_) told_to_go_ = read_clocks().boot;
        agent.send(SIGTERM);
    }
}

// Orphans of units fall to us while the agent lives only if it did not take them itself.
void Keeper::reap_orphans(const WatchedProcess& agent) const {
    for (const Process& process : descendants_of(static_cast<pid_t>(self_.pid))) {
        const bool ours = process.parent == static_cast<pid_t>(self_.pid);
        if (!ours || process.state != 'Z') continue;
        if (static_cast<std::uint64_t>(process.pid) != agent.name().pid) {
            waitpid(process.pid, nullptr, WNOHANG);
        }
    }
}

// A process may fork between our look and its death, so this ends when a look finds nobody.
void Keeper::end_descendants() const {
    while (true) {
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        const std::vector<Process> left = descendants_of(static_cast<pid_t>(self_.pid));
        if (left.empty()) return;
        for (const Process& process : left) {
            if (process.state != 'Z') signal_process(process, SIGKILL);
        }
        poll(nullptr, 0, static_cast<int>(look_again.count()));
    }
}

void Keeper::pause(Millis how_long) {
    const Millis until = read_clocks().boot + how_long;
    while (!is_over()) {
        const Millis left = until - read_clocks().boot;
        if (left <= Millis{0}) return;
        pollfd watched{.fd = signals_.number(), .events = POLLIN, .revents = 0};
        poll(&watched, 1, static_cast<int>(left.count()));
        signalfd_siginfo info{};
        while (read(signals_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            const bool stops =
                info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT || info.ssi_signo == SIGHUP;
            if (stops && !told_to_go_) told_to_go_ = read_clocks().boot;
        }
    }
}

bool Keeper::is_over() const {
    const Millis end = settings_.allocation_end_boot;
    return told_to_go_.has_value() || (end > Millis{0} && read_clocks().boot >= end);
}

}  // namespace

Result<void> run_keeper(const KeeperSettings& settings) {
    XORCH_CHECK(!settings.agent_command.empty(), "a keeper needs to know what to keep");
    if (auto subreaper = become_subreaper(); !subreaper) return subreaper;
    auto signals = take_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD});
    if (!signals) return tl::unexpected(signals.error());
    const auto self = name_this_process();
    if (!self) return tl::unexpected(self.error());
    end_leftovers(settings.layout.root);
    remove_orphaned_scratch();
    return Keeper(settings, *self, std::move(*signals)).run();
}

}  // namespace xorch
