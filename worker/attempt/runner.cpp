#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/io/pipe.h"
#include "core/io/process.h"
#include "core/io/spawn.h"
#include "worker/attempt/content.h"
#include "worker/attempt/noop.h"
#include "worker/attempt/steps/environment.h"
#include "worker/attempt/storage/file_tree.h"
#include "worker/os/hardware.h"
#include "worker/os/process_tree.h"

namespace xorch {

namespace {

constexpr Millis tick_every{1000};
// While an attempt's last processes are being ended: their deaths wake us, except where a process
// is stuck in the kernel.
constexpr Millis clearing_every{50};
// Per attempt and turn, so that a flood does not starve the others.
constexpr int chunks_per_turn = 16;
constexpr std::size_t live_flush_bytes = 256U << 10U;

std::string variable_or_empty(const std::vector<std::string>& environment, std::string_view name) {
    const char* value = find_variable(environment, name);
    return value == nullptr ? "" : value;
}

}  // namespace

AttemptRunner::Content::Content(
    const Sweep& sweep_in, RunnerSettings settings_in, std::vector<std::string> base
)
    : sweep(sweep_in),
      settings(std::move(settings_in)),
      base_environment(std::move(base)),
      devices(
          settings.capacity,
          usable_cpus(),
          variable_or_empty(base_environment, "CUDA_VISIBLE_DEVICES"),
          // Without such a folder there are no gangs either: they say so.
          lease_folder().value_or("")
      ),
      runners(
          {.program = settings.native_program,
           .directory = sweep.directory,
           .growth_max = sweep.tuning.runner_growth,
           .count_max = std::max(1U, settings.capacity.cpus)}
      ),
      output_store(disk, settings.layout, settings.incarnation) {}

AttemptRunner::Content::~Content() {
    kill_everything();
    // Before what their work refers to.
    checkpoint_thread.reset();
    file_thread.reset();
}

Result<void> AttemptRunner::Content::watch_descriptor(
    const Descriptor& descriptor, std::uint64_t serial, EventKind kind
) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = (serial << 3U) | static_cast<std::uint64_t>(kind);
    if (::epoll_ctl(epoll.number(), EPOLL_CTL_ADD, descriptor.number(), &event) != 0) {
        return fail_from_errno("watching a descriptor", errno);
    }
    return {};
}

Result<void> AttemptRunner::Content::open() {
    if (auto reaper = become_subreaper(); !reaper) return reaper;
    if (auto made = make_folders(settings.scratch); !made) return made;
    epoll = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) return fail_from_errno("making an epoll", errno);
    // Blocked before the threads start, so that they inherit it and only the descriptor sees it.
    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &children, nullptr);
    signals = Descriptor(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.is_open()) return fail_from_errno("making a signal descriptor", errno);
    auto event = make_event();
    if (!event) return tl::unexpected(event.error());
    wake = std::move(*event);
    if (auto watched = watch_descriptor(signals, 0, EventKind::signals); !watched) return watched;
    if (auto watched = watch_descriptor(wake, 0, EventKind::wake); !watched) return watched;
    // Where the user has no inotify instance left, the tick looks.
    inotify = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (inotify.is_open()) {
        if (auto watched = watch_descriptor(inotify, 0, EventKind::inotify); !watched)
            return watched;
    }
    kernel_kills = out_of_memory_kills();
    file_thread = std::make_unique<BackgroundQueue>(wake);
    checkpoint_thread = std::make_unique<BackgroundQueue>(wake);
    return {};
}

Attempt* AttemptRunner::Content::find(UnitKey unit, AttemptNumber attempt) {
    for (auto& [serial, each] : attempts) {
        const Assignment& assignment = each.order.assignment;
        if (assignment.unit == unit && assignment.attempt == attempt) return &each;
    }
    return nullptr;
}

Attempt* AttemptRunner::Content::find(std::uint64_t serial) {
    const auto found = attempts.find(serial);
    return found == attempts.end() ? nullptr : &found->second;
}

// What carry_out causes must be visible to whoever waits for the descriptor.
void AttemptRunner::Content::say(AttemptNews item) {
    if (news.empty()) signal_event(wake);
    news.push_back(std::move(item));
}

std::vector<AttemptNews> AttemptRunner::Content::turn(Now at) {
    now = at;
    drop_final_checkpoints();
    read_events();
    if (now.boot >= next_tick) tick();
    // Ending one attempt removes it from the map.
    std::vector<std::uint64_t> serials;
    for (const auto& [serial, attempt] : attempts)
        serials.push_back(serial);
    for (const std::uint64_t serial : serials) {
        Attempt* attempt = find(serial);
        if (attempt->phase == AttemptPhase::running) advance_stop(*attempt);
        if (attempt->phase == AttemptPhase::clearing) clear(*attempt);
    }
    return std::exchange(news, {});
}

Millis AttemptRunner::Content::next_turn() const {
    if (!news.empty() || !final_units.empty()) return now.boot;
    Millis next = attempts.empty() ? Millis::max() : next_tick;
    for (const auto& [serial, attempt] : attempts) {
        if (attempt.phase == AttemptPhase::clearing)
            next = std::min(next, now.boot + clearing_every);
        // A gang's launcher is killed some time after its ranks.
        const bool is_last_step = attempt.stop == StopStep::killed && !attempt.gang;
        if (attempt.phase == AttemptPhase::running && attempt.stop != StopStep::none &&
            !is_last_step) {
            next = std::min(next, attempt.next_stop_step);
        }
    }
    return next;
}

void AttemptRunner::Content::read_events() {
    std::array<epoll_event, 128> events{};
    const int count =
        ::epoll_wait(epoll.number(), events.data(), static_cast<int>(events.size()), 0);
    bool children_ended = false;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t data = events[static_cast<std::size_t>(i)].data.u64;
        const auto kind = static_cast<EventKind>(data & 7U);
        // Output before ends: what a process wrote before it died is read while it is known.
        if (kind == EventKind::signals) {
            children_ended = true;
        } else {
            on_event(data >> 3U, kind);
        }
    }
    if (children_ended) on_event(0, EventKind::signals);
}

void AttemptRunner::Content::on_event(std::uint64_t serial, EventKind kind) {
    Attempt* attempt = find(serial);
    switch (kind) {
        case EventKind::signals: {
            std::array<signalfd_siginfo, 16> batch{};
            while (::read(signals.number(), batch.data(), sizeof batch) > 0) {
            }
            reap();
            return;
        }
        case EventKind::wake:
            drain_event(wake);
            continue_work();
            return;
        case EventKind::inotify:
            on_published_event();
            return;
        case EventKind::output:
            if (attempt != nullptr) read_output(*attempt, false);
            return;
        case EventKind::errors:
            if (attempt != nullptr) read_output(*attempt, true);
            return;
        case EventKind::gang:
            if (attempt != nullptr) on_gang_event(*attempt);
            return;
        case EventKind::runner:
        case EventKind::runner_output:
            on_runner_event(serial, kind);
            return;
    }
}

void AttemptRunner::Content::continue_work() {
    for (const BackgroundQueue::Continuation& continuation : file_thread->take())
        continuation();
    for (const BackgroundQueue::Continuation& continuation : checkpoint_thread->take())
        continuation();
}

void AttemptRunner::Content::read_output(Attempt& attempt, bool is_error_output) {
    Descriptor& from = is_error_output ? attempt.errors : attempt.output;
    std::array<char, 65536> chunk{};
    for (int i = 0; i < chunks_per_turn && from.is_open(); ++i) {
        const ssize_t got = ::read(from.number(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            from = Descriptor();
            break;
        }
        const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
        attempt.capture.add(bytes);
        if (!is_error_output && attempt.rows) {
            attempt.rows->add(bytes);
            for (std::size_t row = attempt.printed.size(); row < attempt.rows->rows().size();
                 ++row) {
                attempt.printed.push_back(
                    {.row = attempt.rows->rows()[row], .at_unix_ms = now.unix.count()}
                );
            }
        }
    }
    flush_live_if_much(attempt);
}

void AttemptRunner::Content::flush_live_if_much(Attempt& attempt) {
    if (attempt.capture.pending() >= live_flush_bytes) flush_live(attempt);
}

// ---- the public face ----

Result<AttemptRunner> AttemptRunner::start(const Sweep& sweep, RunnerSettings settings) {
    auto base = base_environment(sweep, current_environment());
    if (!base) return tl::unexpected(base.error());
    auto content = std::make_unique<Content>(sweep, std::move(settings), std::move(*base));
    if (auto opened = content->open(); !opened) return tl::unexpected(opened.error());
    return AttemptRunner(std::move(content));
}

AttemptRunner::AttemptRunner(std::unique_ptr<Content> content) : content_(std::move(content)) {}

AttemptRunner::~AttemptRunner() = default;
AttemptRunner::AttemptRunner(AttemptRunner&&) noexcept = default;
AttemptRunner& AttemptRunner::operator=(AttemptRunner&&) noexcept = default;

void AttemptRunner::carry_out(Now now, const AttemptOrder& order) {
    if (const auto* start = std::get_if<StartAttempt>(&order)) {
        content_->start(now, *start);
    } else if (const auto* end = std::get_if<EndAttempt>(&order)) {
        content_->end(now, *end);
    } else {
        content_->end_lent_ranks(order);
    }
}

int AttemptRunner::descriptor() const {
    return content_->epoll.number();
}

std::vector<AttemptNews> AttemptRunner::poll(Now now) {
    return content_->turn(now);
}

void AttemptRunner::before_each_start(std::function<void()> callback) {
    content_->before_start = std::move(callback);
}

Millis AttemptRunner::next_poll() const {
    return content_->next_turn();
}

}  // namespace xorch
