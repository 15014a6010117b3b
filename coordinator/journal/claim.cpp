#include "coordinator/journal/claim.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "coordinator/journal/alive.h"
#include "coordinator/journal/segment.h"
#include "core/io/process.h"
#include "core/planted.h"

namespace xorch {

namespace {

// Often enough to see the first beat of a living holder soon; each look is one small read.
constexpr Millis look_every{500};

// The state letter of field 3 of /proc/<pid>/stat; nothing if it cannot be read.
std::optional<char> process_state(std::uint64_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::stringstream text;
    text << file.rdbuf();
    const std::string line = text.str();
    // The second field is the program's name in parentheses and may contain anything.
    const std::size_t end = line.rfind(')');
    if (end == std::string::npos || end + 2 >= line.size()) return std::nullopt;
    return line[end + 2];
}

// Pids mean the same to two processes if both the machine's boot and the namespace agree.
Result<std::string> this_machine() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string boot;
    std::getline(file, boot);
    std::error_code error;
    const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
    if (boot.empty() || error) {
        return fail(ErrorCode::internal, "cannot tell this machine by /proc");
    }
    return boot + " " + space.string();
}

// A job is no identity: its copies may live at the same time.
bool is_same(const Holder& holder, const Holder& self) {
    if (planted::has(planted::Bug::stale_copy) && !self.job.empty()) return holder.job == self.job;
    return holder == self;
}

}  // namespace

Result<Holder> this_holder(std::string job) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) {
        return fail_from_errno("asking for this host's name", errno);
    }
    const auto self = name_this_process();
    if (!self) return tl::unexpected(self.error());
    const auto machine = this_machine();
    if (!machine) return tl::unexpected(machine.error());
    return Holder{
        .host = host.data(),
        .pid = self->pid,
        .pid_started = self->started,
        .job = std::move(job),
        .machine = *machine,
    };
}

HolderProcess find_holder_process(const Holder& holder, const Holder& self) {
    if (holder.machine != self.machine) return HolderProcess::elsewhere;
    if (::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH) {
        return HolderProcess::gone;
    }
    const auto process = name_process(holder.pid);
    if (process && process->started != holder.pid_started) return HolderProcess::gone;
    // Dead, only its parent has not looked yet.
    if (process_state(holder.pid) == 'Z') return HolderProcess::gone;
    return HolderProcess::here;
}

HolderWatch::HolderWatch(Question question) : question_(std::move(question)) {}

bool HolderWatch::must_watch() const {
    const JournalEnd& end = question_.end;
    if (end.epoch.value == 0 || end.ended || is_same(end.holder, question_.self)) return false;
    return question_.process != HolderProcess::gone;
}

Succession HolderWatch::observe(Now now, std::optional<std::uint64_t> counter) {
    if (!must_watch()) return Succession::allowed;
    if (!since_) {
        since_ = now.boot;
        counter_ = counter;
        return Succession::undecided;
    }
    if (counter != counter_) return Succession::refused;
    return now.boot - *since_ >= question_.silent ? Succession::allowed : Succession::undecided;
}

tl::unexpected<Error> fail_held(const JournalEnd& end) {
    const Holder& holder = end.holder;
    const std::string job = holder.job.empty() ? "" : fmt::format(" (job {})", holder.job);
    return fail(
        ErrorCode::conflict,
        fmt::format(
            "the sweep is run by process {} on {}{}, epoch {}; look with `xorch status` or `xorch "
            "watch`, end it with `xorch cancel`",
            holder.pid,
            holder.host,
            job,
            end.epoch.value
        )
    );
}

Result<void> await_succession(
    Disk& disk,
    const SweepLayout& layout,
    const HolderWatch::Question& question,
    const WaitingClock& clock
) {
    HolderWatch watch(question);
    const JournalEnd& end = question.end;
    while (watch.must_watch()) {
        const auto counter = read_alive(disk, layout.alive(end.epoch));
        if (!counter) return tl::unexpected(counter.error());
        switch (watch.observe(clock.now(), *counter)) {
            case Succession::allowed:
                return {};
            case Succession::refused:
                return fail_held(end);
            case Succession::undecided:
                break;
        }
        const auto succeeded = counted_bytes(disk, layout.journal(), end.epoch);
        if (!succeeded) return tl::unexpected(succeeded.error());
        if (*succeeded) {
            return fail(
                ErrorCode::conflict,
                fmt::format(
                    "another coordinator took the sweep over from epoch {}", end.epoch.value
                )
            );
        }
        clock.sleep(look_every);
    }
    return {};
}

}  // namespace xorch
