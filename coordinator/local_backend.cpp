#include "coordinator/local_backend.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "core/io/descriptor.h"
#include "core/io/process.h"

namespace xorch {
namespace {

constexpr Millis never{std::numeric_limits<std::int64_t>::max()};

struct Keeper {
    WatchedProcess process;
    Millis end_boot = never;  // of the allocation
    Millis end_unix{0};
    Millis kill_boot = never;  // when it is killed if it still lives
    bool asked_to_end = false;
};

std::vector<std::string> keeper_command(
    const LocalBackendSettings& settings, AllocationId allocation, Millis end_boot
) {
    std::vector<std::string> command{
        settings.program,
        "keeper",
        "--sweep",
        settings.layout.root,
        "--allocation",
        std::to_string(allocation.value),
    };
    if (settings.descriptors != 0) {
        command.emplace_back("--descriptors");
        command.push_back(std::to_string(settings.descriptors));
    }
    if (end_boot != never) {
        command.emplace_back("--end-boot-ms");
        command.push_back(std::to_string(end_boot.count()));
    }
    return command;
}

// What /proc says the arguments of a process are: each ends with a zero byte.
std::string command_line_of(std::uint64_t pid) {
    std::ostringstream text;
    text << std::ifstream(fmt::format("/proc/{}/cmdline", pid), std::ios::binary).rdbuf();
    return text.str();
}

// A keeper that was started by an epoch that ended before it could write down that it had.
std::optional<ProcessName> find_keeper(const SweepLayout& layout, AllocationId allocation) {
    std::string wanted;
    for (const std::string& word :
         {std::string("keeper"),
          std::string("--sweep"),
          layout.root,
          std::string("--allocation"),
          std::to_string(allocation.value)}) {
        wanted += '\0' + word;
    }
    wanted += '\0';
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
        const std::string name = entry.path().filename();
        std::uint64_t pid = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;

        struct stat status {};

        if (stat(entry.path().c_str(), &status) != 0 || status.st_uid != geteuid()) continue;
        if (command_line_of(pid).find(wanted) == std::string::npos) continue;
        if (const auto found = name_process(pid)) return *found;
    }
    return std::nullopt;
}

std::string reason_of(const Keeper& keeper, const ProcessEnd& end, Now now) {
    if (now.boot >= keeper.end_boot) return "time limit";
    if (keeper.asked_to_end) return "ended on request";
    if (!end.known) return "its keeper is gone";
    if (end.signal != 0) return fmt::format("its keeper was killed by signal {}", end.signal);
    if (end.exit_code != 0)
        return fmt::format("its keeper failed with exit code {}", end.exit_code);
    return "its agent left in order";
}

}  // namespace

struct LocalBackend::Content {
    LocalBackendSettings settings;
    Descriptor epoll;
    std::map<AllocationId, Keeper> keepers;
    std::vector<AllocationEvent> events;  // for the next poll()

    void report(decltype(AllocationEvent::what) what) { events.push_back({std::move(what)}); }

    void watch(AllocationId allocation, Keeper keeper);
    void watch_again(Now now, const AllocationState& left);
    void escalate(Now now, Keeper& keeper) const;
};

void LocalBackend::Content::watch(AllocationId allocation, Keeper keeper) {
    epoll_event event{};
    event.events = EPOLLIN;
    // If this fails (no memory), poll() is still called on every turn of the loop and finds out.
    [[maybe_unused]] const int added =
        epoll_ctl(epoll.number(), EPOLL_CTL_ADD, keeper.process.descriptor(), &event);
    keepers.insert_or_assign(allocation, std::move(keeper));
}

void LocalBackend::Content::watch_again(Now now, const AllocationState& left) {
    const AllocationId allocation = left.allocation;
    if (!keepers.contains(allocation)) {
        const auto name =
            left.submitted ? parse_process(left.job) : find_keeper(settings.layout, allocation);
        // Intended and never started, as far as anybody can tell: the order comes again.
        if (!name && !left.submitted) return;
        auto process = WatchedProcess::watch(name.value_or(ProcessName{}));
        if (!process) {
            report(AllocationEnded{.allocation = allocation, .reason = process.error().message});
            return;
        }
        Keeper keeper{.process = std::move(*process), .end_unix = left.end_unix};
        // Only a backstop: the keeper knows its end on the clock that never jumps.
        if (left.end_unix != Millis(0)) keeper.end_boot = now.boot + (left.end_unix - now.unix);
        watch(allocation, std::move(keeper));
    }
    const Keeper& keeper = keepers.at(allocation);
    if (!left.submitted) {
        const std::string job = format_process(keeper.process.name());
        report(AllocationSubmitted{.allocation = allocation, .job = job});
    }
    if (!left.started) {
        report(AllocationStarted{.allocation = allocation, .end_unix = keeper.end_unix});
    }
}

void LocalBackend::Content::escalate(Now now, Keeper& keeper) const {
    if (!keeper.asked_to_end && keeper.end_boot != never &&
        now.boot >= keeper.end_boot + settings.end_slack) {
        keeper.asked_to_end = true;
        keeper.kill_boot = now.boot + settings.kill_after;
        keeper.process.send(SIGTERM);
    }
    if (now.boot >= keeper.kill_boot) {
        keeper.kill_boot = never;
        keeper.process.send(SIGKILL);
    }
}

LocalBackend::LocalBackend(std::unique_ptr<Content> content) : content_(std::move(content)) {}

LocalBackend::~LocalBackend() = default;

Result<std::unique_ptr<LocalBackend>> LocalBackend::make(LocalBackendSettings settings) {
    auto content = std::make_unique<Content>();
    content->settings = std::move(settings);
    content->epoll = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    if (!content->epoll.is_open()) return fail_from_errno("watching keepers", errno);
    return std::unique_ptr<LocalBackend>(new LocalBackend(std::move(content)));
}

void LocalBackend::take_over(Now now, std::span<const AllocationState> left) {
    // What an epoch that could not write any more was not told is found out anew.
    content_->events.clear();
    for (const AllocationState& allocation : left) {
        if (!allocation.ended) content_->watch_again(now, allocation);
    }
}

void LocalBackend::carry_out(Now now, const StartAllocation& order) {
    const auto& settings = content_->settings;
    // Repeated: take_over() found it.
    if (content_->keepers.contains(order.allocation)) return;
    const Millis end_boot = settings.time == Millis(0) ? never : now.boot + settings.time;
    auto process = WatchedProcess::start({
        .argv = keeper_command(settings, order.allocation, end_boot),
        .environment = settings.environment,
        .directory = {},
        .output = fmt::format("{}/keeper-{}.txt", settings.layout.logs(), order.allocation.value),
        .new_session = true,
    });
    if (!process) {
        content_->report(AllocationEnded{
            .allocation = order.allocation, .reason = process.error().message});
        return;
    }
    content_->report(AllocationSubmitted{
        .allocation = order.allocation, .job = format_process(process->name())});
    const Millis end_unix = end_boot == never ? Millis(0) : now.unix + settings.time;
    content_->report(AllocationStarted{.allocation = order.allocation, .end_unix = end_unix});
    content_->watch(
        order.allocation,
        {.process = std::move(*process), .end_boot = end_boot, .end_unix = end_unix}
    );
}

void LocalBackend::carry_out(Now now, const EndAllocation& order) {
    const auto found = content_->keepers.find(order.allocation);
    if (found == content_->keepers.end() || found->second.asked_to_end) return;
    Keeper& keeper = found->second;
    keeper.asked_to_end = true;
    keeper.kill_boot = now.boot + content_->settings.kill_after;
    keeper.process.send(SIGTERM);
}

std::vector<AllocationEvent> LocalBackend::poll(Now now) {
    for (auto each = content_->keepers.begin(); each != content_->keepers.end();) {
        auto& [allocation, keeper] = *each;
        if (const auto end = keeper.process.ended()) {
            content_->report(AllocationEnded{
                .allocation = allocation, .reason = reason_of(keeper, *end, now)});
            each = content_->keepers.erase(each);
            continue;
        }
        content_->escalate(now, keeper);
        ++each;
    }
    return std::exchange(content_->events, {});
}

int LocalBackend::descriptor() const {
    return content_->epoll.number();
}

Millis LocalBackend::next_poll() const {
    if (!content_->events.empty()) return Millis(0);
    Millis next = never;
    for (const auto& [allocation, keeper] : content_->keepers) {
        if (!keeper.asked_to_end && keeper.end_boot != never) {
            next = std::min(next, keeper.end_boot + content_->settings.end_slack);
        }
        next = std::min(next, keeper.kill_boot);
    }
    return next;
}

}  // namespace xorch
