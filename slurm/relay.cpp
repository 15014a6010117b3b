#include "slurm/relay.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/io/clock.h"
#include "core/io/console.h"
#include "core/io/descriptor.h"
#include "core/io/process.h"
#include "core/io/signals.h"

namespace xorch {
namespace {

constexpr Millis never{std::numeric_limits<std::int64_t>::max()};

constexpr std::initializer_list<int> heard_signals{SIGTERM, SIGINT, SIGHUP, SIGUSR2};

void say(const std::string& line) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(read_clocks().unix);
    const auto utc = fmt::gmtime(static_cast<std::time_t>(now.count()));
    say_line(stderr, fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {}", utc, line));
}

// A child that is started again when it dies.
struct Child {
    std::string name;  // for people
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    std::optional<WatchedProcess> process;
    Millis started{0};
    Millis start_at{0};  // the next start, on the boot clock; `never` = it runs, or is over
    Millis retry{0};     // the pause before it
    int quick_failures = 0;
    bool over = false;
};

class Relay {
 public:
    Relay(const RelaySettings& settings, Descriptor signals)
        : settings_(settings), signals_(std::move(signals)) {
        const std::vector<std::string> environment = srun_environment(settings.environment);
        for (const RelayNode& node : settings.nodes) {
            keepers_.push_back(make("keeper on " + node.name, keeper_argv(settings, node)));
            keepers_.back().environment = environment;
        }
        if (!settings.runs_coordinator) return;
        coordinator_ = make(
            "coordinator",
            {settings.program,
             "coordinator",
             "--sweep",
             settings.directory,
             "--allocation",
             std::to_string(settings.allocation.value)}
        );
        coordinator_->environment = settings.environment;
    }

    Result<void> run() {
        while (!is_done()) {
            hear_signals();
            start_what_is_due();
            reap();
            escalate();
            if (!is_done()) wait();
        }
        return {};
    }

 private:
    Child make(std::string name, std::vector<std::string> argv) const {
        Child child;
        child.name = std::move(name);
        child.argv = std::move(argv);
        child.retry = settings_.retry_first;
        return child;
    }

    template <class Visit>
    void for_each_child(Visit visit) {
        for (Child& keeper : keepers_)
            visit(keeper);
        if (coordinator_) visit(*coordinator_);
    }

    bool is_keeper(const Child& child) const { return !coordinator_ || &child != &*coordinator_; }

    bool keepers_over() const {
        return std::all_of(keepers_.begin(), keepers_.end(), [](const Child& each) {
            return each.over;
        });
    }

    bool is_done() const { return keepers_over() && (!coordinator_ || coordinator_->over); }

    void start_what_is_due() {
        const Millis now = read_clocks().boot;
        for_each_child([&](Child& child) {
            if (child.over || child.process || now < child.start_at) return;
            if (leaving_ && is_keeper(child)) {
                child.over = true;
                return;
            }
            auto process = WatchedProcess::start(
                {.argv = child.argv,
                 .environment = child.environment,
                 .directory = settings_.directory,
                 .output = fmt::format(
                     "{}/logs/allocation-{}.txt", settings_.directory, settings_.allocation.value
                 )}
            );
            child.started = now;
            if (process) {
                child.process.emplace(std::move(*process));
            } else {
                say(process.error().message);
                on_failed(child);
            }
        });
    }

    // Died of itself: again, after a pause.
    void on_failed(Child& child) {
        const Millis now = read_clocks().boot;
        child.process.reset();
        if (now - child.started >= settings_.settled_after) {
            child.retry = settings_.retry_first;
            child.quick_failures = 0;
        }
        const bool hopeless = ++child.quick_failures > settings_.quick_failures_max;
        if (leaving_ || (hopeless && is_keeper(child))) {
            child.over = true;
            return;
        }
        child.start_at = now + child.retry;
        child.retry = std::min(2 * child.retry, settings_.retry_max);
    }

    void reap() {
        for (Child& keeper : keepers_) {
            const auto end = keeper.process ? keeper.process->ended() : std::nullopt;
            if (!end) continue;
            const bool in_order = end->exit_code == 0 && end->signal == 0;
            say(fmt::format("{} ended: {}", keeper.name, describe(*end)));
            if (in_order) {
                keeper.process.reset();
                keeper.over = true;
            } else {
                on_failed(keeper);
            }
        }
        if (coordinator_ && coordinator_->process) reap_coordinator();
        // Once: a coordinator may take the second TERM for impatience.
        if (keepers_over() && coordinator_ && !leaving_) leave("its keepers have left");
    }

    void reap_coordinator() {
        const auto end = coordinator_->process->ended();
        if (!end) return;
        say(fmt::format("coordinator ended: {}", describe(*end)));
        const bool exited = end->signal == 0;
        if (exited && means_over(end->exit_code)) {
            coordinator_->process.reset();
            coordinator_->over = true;
            // Agents were asked to leave by whoever reigned last.
            kill_at_ = std::min(kill_at_, read_clocks().boot + settings_.leave_within);
        } else if (leaving_) {
            coordinator_->process.reset();
            coordinator_->over = true;
        } else {
            on_failed(*coordinator_);
        }
    }

    static std::string describe(const ProcessEnd& end) {
        return end.signal != 0 ? fmt::format("signal {}", end.signal)
                               : fmt::format("exit code {}", end.exit_code);
    }

    // Everybody goes, nobody is started again; but for a coordinator that died just now, and may
    // have left before it queued who comes after us.
    void leave(const std::string& why) {
        if (!leaving_) {
            say("leaving: " + why);
            if (coordinator_ && !coordinator_->process && !coordinator_->over) {
                coordinator_->argv.emplace_back("--leaves");
                coordinator_->start_at = Millis{0};
            }
        }
        leaving_ = true;
        for_each_child([this](Child& child) {
            if (child.process) {
                child.process->send(SIGTERM);
            } else if (is_keeper(child)) {
                child.over = true;
            }
        });
        kill_at_ = std::min(kill_at_, read_clocks().boot + settings_.leave_within);
    }

    // Slurm says it twice, and other signals may follow; each is passed on, none makes it harder.
    // USR2 says that the end is near, which agents know by themselves: it is only kept from ending
    // us.
    void hear_signals() {
        signalfd_siginfo info{};
        while (read(signals_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo != SIGUSR2) leave(fmt::format("signal {}", info.ssi_signo));
        }
    }

    void escalate() {
        if (read_clocks().boot < kill_at_) return;
        if (!leaving_) {
            kill_at_ = never;
            leave("the sweep is over");
            return;
        }
        for (Child& keeper : keepers_) {
            if (keeper.process) keeper.process->send(SIGKILL);
        }
        kill_at_ = never;
        if (!coordinator_ || !coordinator_->process) return;
        if (killed_keepers_) {
            coordinator_->process->send(SIGKILL);
        } else {
            killed_keepers_ = true;
            kill_at_ = read_clocks().boot + settings_.coordinator_leaves;
        }
    }

    void wait() {
        std::vector<pollfd> watched{
            {.fd = signals_.number(), .events = POLLIN, .revents = 0}
        };
        Millis wake = kill_at_;
        for_each_child([&](const Child& child) {
            if (child.over) return;
            if (child.process) {
                watched.push_back(
                    {.fd = child.process->descriptor(), .events = POLLIN, .revents = 0}
                );
            } else {
                wake = std::min(wake, child.start_at);
            }
        });
        constexpr std::int64_t longest = 60'000;
        const std::int64_t left = wake == never ? longest : (wake - read_clocks().boot).count() + 1;
        poll(
            watched.data(),
            watched.size(),
            static_cast<int>(std::clamp<std::int64_t>(left, 0, longest))
        );
    }

    const RelaySettings& settings_;
    Descriptor signals_;
    std::vector<Child> keepers_;
    std::optional<Child> coordinator_;
    bool leaving_ = false;
    bool killed_keepers_ = false;
    Millis kill_at_ = never;
};

}  // namespace

std::vector<std::string> step_argv(const RelayNode& node) {
    return {
        "srun",
        "--overlap",
        // A keeper must not die because another one's node did.
        "--no-kill",
        "--kill-on-bad-exit=0",
        "--nodes=1",
        "--ntasks=1",
        "--nodelist=" + node.name,
        // Not inherited from the job by every version.
        fmt::format("--cpus-per-task={}", node.cpus),
        "--mem=0",
        "--mpi=none",
        "--input=none",
    };
}

std::vector<std::string> keeper_argv(const RelaySettings& settings, const RelayNode& node) {
    std::vector<std::string> argv = step_argv(node);
    const std::string allocation = std::to_string(settings.allocation.value);
    argv.insert(
        argv.end(),
        {settings.program, "keeper", "--sweep", settings.directory, "--allocation", allocation}
    );
    if (settings.end_unix != Millis{0}) {
        argv.emplace_back("--end-unix-s");
        argv.push_back(std::to_string(settings.end_unix.count() / 1'000));
    }
    return argv;
}

std::vector<std::string> srun_environment(const std::vector<std::string>& environment) {
    std::vector<std::string> kept;
    for (const std::string& variable : environment) {
        const std::string_view name = std::string_view(variable).substr(0, variable.find('='));
        const bool asks = name.starts_with("SRUN_") || name.starts_with("SLURM_MEM_PER_") ||
                          name.starts_with("SLURM_CPU_BIND") || name == "SLURM_CPUS_PER_TASK" ||
                          name == "SLURM_TRES_PER_TASK" || name == "SLURM_NTASKS" ||
                          name == "SLURM_NPROCS" || name == "SLURM_NTASKS_PER_NODE" ||
                          name == "SLURM_DISTRIBUTION" || name == "SLURM_EXCLUSIVE";
        if (!asks) kept.push_back(variable);
    }
    return kept;
}

Result<void> hold_relay_signals() {
    return block_signals(heard_signals);
}

Result<void> run_relay(const RelaySettings& settings) {
    auto signals = take_signals(heard_signals);
    if (!signals) return tl::unexpected(signals.error());
    return Relay(settings, std::move(*signals)).run();
}

}  // namespace xorch
