#include "coordinator/serve/notify.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "core/io/process.h"

namespace xorch {
namespace {

// A command that runs is looked at this often; its own descriptor is not worth a place in the loop.
constexpr Millis look_every{250};

// One value of an environment must fit ARG_MAX with everything else.
constexpr std::size_t text_bytes_max = 32U << 10U;

struct Running {
    WatchedProcess process;
    std::string event;
    Millis kill_boot{0};
    bool killed = false;
};

}  // namespace

struct Notifier::Content {
    NotifierSettings settings;
    Log log;
    std::deque<Notification> waiting;
    std::optional<Running> running;
    Millis looked_boot{0};

    void start(Now now, const Notification& notification);
    bool is_over(Now now, Running& command) const;
};

void Notifier::Content::start(Now now, const Notification& notification) {
    std::vector<std::string> environment = settings.environment;
    std::string text = notification.text.substr(0, text_bytes_max);
    std::replace(text.begin(), text.end(), '\0', ' ');
    environment.push_back("XORCH_EVENT=" + notification.event);
    environment.push_back("XORCH_SWEEP=" + settings.sweep);
    environment.push_back("XORCH_TEXT=" + text);
    auto process = WatchedProcess::start({
        .argv = settings.command,
        .environment = std::move(environment),
        .directory = settings.directory,
        .output = {},
        .new_session = true,
    });
    if (!process) {
        log(fmt::format("notification '{}': {}", notification.event, process.error().message));
        return;
    }
    running.emplace(Running{
        .process = std::move(*process),
        .event = notification.event,
        .kill_boot = now.boot + settings.time_limit,
    });
}

bool Notifier::Content::is_over(Now now, Running& command) const {
    const auto end = command.process.ended();
    if (!end) {
        if (now.boot >= command.kill_boot && !command.killed) {
            command.killed = true;
            command.process.send(SIGKILL);
        }
        return false;
    }
    if (command.killed) {
        log(fmt::format("notification '{}': its command took too long", command.event));
    } else if (end->signal != 0) {
        log(fmt::format("notification '{}': ended by signal {}", command.event, end->signal));
    } else if (end->exit_code != 0) {
        log(fmt::format("notification '{}': exit code {}", command.event, end->exit_code));
    }
    return true;
}

Notifier::Notifier(NotifierSettings settings, Log log) : content_(std::make_unique<Content>()) {
    content_->settings = std::move(settings);
    content_->log = std::move(log);
}

Notifier::~Notifier() = default;

void Notifier::send(Now now, const Notification& notification) {
    if (content_->settings.command.empty()) return;
    if (content_->waiting.size() >= content_->settings.waiting) {
        content_->log(fmt::format("notification '{}' dropped: too many wait", notification.event));
        return;
    }
    content_->waiting.push_back(notification);
    poll(now);
}

void Notifier::poll(Now now) {
    content_->looked_boot = now.boot;
    auto& running = content_->running;
    if (running && content_->is_over(now, *running)) running.reset();
    // One after the other: two at once might be told in the wrong order.
    while (!running && !content_->waiting.empty()) {
        content_->start(now, content_->waiting.front());
        content_->waiting.pop_front();
    }
}

bool Notifier::is_idle() const {
    return !content_->running && content_->waiting.empty();
}

Millis Notifier::next_poll() const {
    if (is_idle()) return Millis(std::numeric_limits<std::int64_t>::max());
    return content_->looked_boot + look_every;
}

}  // namespace xorch
