#include "worker/agent_loop.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/io/clock.h"
#include "core/io/console.h"
#include "core/io/descriptor.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "core/io/signals.h"
#include "core/wire/messages_codec.h"
#include "worker/agent.h"
#include "worker/attempt_runner.h"
#include "worker/coordinator_link.h"
#include "worker/keeper.h"
#include "worker/os/hardware.h"
#include "worker/scratch.h"
#include "worker/spool.h"

namespace xorch {

namespace {

// A failed write to the spool is tried again no more often: the disk is full or away, and results
// are in memory meanwhile.
constexpr Millis spool_retry{1'000};

// As the batch system knows it; its exclusions are by that name.
std::string node_name() {
    const char* name = std::getenv("SLURMD_NODENAME");
    return name != nullptr && *name != '\0' ? name : host_name();
}

std::uint64_t number_from(const char* variable) {
    const char* text = std::getenv(variable);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

// A keeper that died before we looked left us to somebody whose end we would wait for in vain, so
// it tells us its name.
Result<ProcessName> find_keeper() {
    auto parent = name_process(static_cast<std::uint64_t>(getppid()));
    const char* told = std::getenv(keeper_variable);
    if (told != nullptr && (!parent || format_process(*parent) != told)) {
        return fail(ErrorCode::unavailable, "the keeper that started this agent is gone");
    }
    unsetenv(keeper_variable);  // units have no business with it
    return parent;
}

void warn(const std::string& text) {
    say_line(stderr, "xorch agent: " + text);
}

class AgentLoop {
 public:
    AgentLoop(
        const Sweep& sweep,
        const AgentLoopSettings& settings,
        Descriptor signals,
        WatchedProcess keeper,
        AttemptRunner runner
    )
        : settings_(settings),
          signals_(std::move(signals)),
          keeper_(std::move(keeper)),
          runner_(std::move(runner)),
          link_(disk_, settings.layout, settings.allocation, settings.incarnation),
          spool_(disk_, settings.layout.spool_file(settings.incarnation), settings.incarnation),
          agent_(sweep, agent_settings(settings), read_clocks()) {}

    Result<void> run();

 private:
    static AgentSettings agent_settings(const AgentLoopSettings& settings);
    void hear_signals(Now now);
    void hear_coordinator(Now now);
    void hear_attempts(Now now);
    bool act(Now now);
    void keep_spool(Now now, const AgentOutput& out);
    void wait(Now now) const;

    const AgentLoopSettings& settings_;
    PosixDisk disk_;
    Descriptor signals_;
    WatchedProcess keeper_;
    AttemptRunner runner_;
    CoordinatorLink link_;
    Spool spool_;
    Agent agent_;
    Millis next_spool_try_{0};
};

Result<void> AgentLoop::run() {
    while (true) {
        const Now now = read_clocks();
        if (keeper_.ended()) {
            return fail(ErrorCode::unavailable, "the keeper died; killing all attempts");
        }
        hear_signals(now);
        hear_coordinator(now);
        hear_attempts(now);
        if (now.boot >= agent_.next_tick()) agent_.on_tick(now);
        if (act(now)) break;
        wait(now);
    }
    if (agent_.unacknowledged().empty()) {
        if (auto removed = spool_.rewrite({}); !removed) warn(removed.error().message);
    }
    return {};
}

AgentSettings AgentLoop::agent_settings(const AgentLoopSettings& settings) {
    return {
        .incarnation = settings.incarnation,
        .allocation = settings.allocation,
        .node = node_name(),
        .pid = static_cast<std::uint64_t>(getpid()),
        .capacity = settings.capacity,
        .allocation_end_boot = settings.allocation_end_boot};
}

void AgentLoop::hear_signals(Now now) {
    signalfd_siginfo info{};
    while (read(signals_.number(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo != SIGUSR2) {
            agent_.on_terminate(now);
        } else if (settings_.read_allocation_end) {
            agent_.on_allocation_end(now, settings_.read_allocation_end());
        }
    }
}

void AgentLoop::hear_coordinator(Now now) {
    for (const LinkEvent& event : link_.receive(now)) {
        if (std::holds_alternative<LinkUp>(event)) {
            agent_.on_connected(now, std::get<LinkUp>(event).epoch);
        } else if (std::holds_alternative<LinkDown>(event)) {
            agent_.on_disconnected(now);
        } else {
            const auto& frame = std::get<CoordinatorFrame>(event);
            for (const CoordinatorMessage& message : frame.messages) {
                agent_.on_message(now, frame.epoch, message);
            }
        }
    }
}

void AgentLoop::hear_attempts(Now now) {
    for (const AttemptNews& news : runner_.poll(now)) {
        agent_.on_attempt(now, news);
    }
}

// True when nothing is left to do.
bool AgentLoop::act(Now now) {
    const AgentOutput out = agent_.take();
    keep_spool(now, out);
    link_.send(now, out.messages);
    if (out.reconnect) link_.drop();
    for (const AttemptOrder& order : out.orders) {
        runner_.carry_out(now, order);
    }
    return out.exit;
}

void AgentLoop::keep_spool(Now now, const AgentOutput& out) {
    if (auto appended = spool_.append(out.spool); !appended) {
        warn(appended.error().message);
        next_spool_try_ = now.boot + spool_retry;
    }
    const auto& kept = agent_.unacknowledged();
    if (now.boot < next_spool_try_ || !spool_.wants_rewrite(kept.size())) return;
    if (auto rewritten = spool_.rewrite(kept); !rewritten) {
        warn(rewritten.error().message);
        next_spool_try_ = now.boot + spool_retry;
    }
}

void AgentLoop::wait(Now now) const {
    const Millis next = std::min({agent_.next_tick(), runner_.next_poll(), link_.next_look()});
    const std::int64_t pause = std::clamp<std::int64_t>((next - now.boot).count(), 0, 60'000);
    std::array<pollfd, 4> watched{
        pollfd{.fd = signals_.number(),    .events = POLLIN, .revents = 0},
        pollfd{.fd = runner_.descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = keeper_.descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = link_.descriptor(),   .events = POLLIN, .revents = 0},
    };
    poll(watched.data(), watched.size(), static_cast<int>(pause));
}

}  // namespace

Capacity measure_capacity(const Sweep& sweep) {
    const auto cpus = static_cast<std::uint32_t>(usable_cpus().size());
    if (sweep.backend == BackendKind::slurm) {
        // The job's share of the node: not every site binds processes to it.
        constexpr std::uint64_t mebibyte = 1U << 20U;
        const auto share = static_cast<std::uint32_t>(number_from("SLURM_CPUS_ON_NODE"));
        const std::uint64_t memory = number_from("SLURM_MEM_PER_NODE") * mebibyte;
        const std::uint64_t usable = usable_memory().value;
        return {
            .cpus = share == 0 ? cpus : share,
            .gpus = usable_gpus(),
            .memory = Bytes{memory == 0 ? usable : std::min(memory, usable)}};
    }
    return {
        .cpus = sweep.local.slots == 0 ? cpus : sweep.local.slots,
        .gpus = usable_gpus(),
        .memory = usable_memory()};
}

Result<void> run_agent(const Sweep& sweep, const AgentLoopSettings& settings) {
    auto signals = take_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR2});
    if (!signals) return tl::unexpected(signals.error());
    const auto parent = find_keeper();
    if (!parent) return tl::unexpected(parent.error());
    auto keeper = WatchedProcess::watch(*parent);
    if (!keeper) return fail_with_context(keeper.error(), "watching the keeper");
    auto scratch = make_scratch(*parent, settings.incarnation);
    if (!scratch) return tl::unexpected(scratch.error());
    auto runner = AttemptRunner::start(
        sweep,
        RunnerSettings{
            .layout = settings.layout,
            .incarnation = settings.incarnation,
            .scratch = std::move(*scratch),
            .capacity = settings.capacity,
            .native_program = settings.layout.native_program(),
            .program = settings.layout.program()}
    );
    if (!runner) return tl::unexpected(runner.error());
    return AgentLoop(sweep, settings, std::move(*signals), std::move(*keeper), std::move(*runner))
        .run();
}

}  // namespace xorch
