#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/stop_rule.h"
#include "worker/attempt/content.h"
#include "worker/attempt/records/records_read.h"
#include "worker/attempt/steps/finishing.h"
#include "worker/attempt/storage/file_tree.h"
#include "worker/gang/launch.h"
#include "worker/os/hardware.h"
#include "worker/os/process_tree.h"

namespace xorch {

namespace {

// Helpers that end by themselves once the main process is gone (Python's resource tracker, a pager)
// are not left behind.
constexpr Millis helpers_may_take{500};

int signal_number(const std::string& name) {
    if (name == "TERM") return SIGTERM;
    if (name == "INT") return SIGINT;
    if (name == "USR1") return SIGUSR1;
    if (name == "USR2") return SIGUSR2;
    return 0;
}

std::string names_of(const std::vector<Process>& processes) {
    constexpr std::size_t shown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, processes.size()); ++i)
        text += (i == 0 ? "" : ", ") + processes[i].name;
    return processes.size() > shown ? text + ", ..." : text;
}

// Nothing to read or to write but scratch: not worth a thread.
bool is_node_local(const FinishRequest& request) {
    const AttemptPlaces& places = request.places;
    const bool left_checkpoints =
        request.end.checkpoint_sequence > 0 && !places.publish.starts_with(places.scratch);
    return !left_checkpoints && !request.has_output && !request.gang &&
           !has_source(request.stage->records.from) && places.out != places.lasting_out &&
           !has_entries(places.out);
}

}  // namespace

void AttemptRunner::Content::end(Now at, const EndAttempt& order) {
    now = at;
    Attempt* attempt = find(order.unit, order.attempt);
    if (attempt == nullptr || attempt->phase == AttemptPhase::finishing) return;
    attempt->ordered = order.cause;
    if (attempt->phase == AttemptPhase::preparing) return;
    if (order.at_once) return kill_at_once(*attempt);
    if (attempt->stop != StopStep::none || attempt->phase != AttemptPhase::running) return;
    const Descriptor file(
        ::open(attempt->prepared.places.stop.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)
    );
    if (!file.is_open()) {
        attempt->notes.push_back("the stop file could not be made; it was not asked before TERM");
    }
    if (attempt->gang && attempt->gang->socket.is_open()) {
        send_order(attempt->gang->socket, StopUnit{attempt->serial});
    }
    if (RunnerProcess* runner = runners.find(attempt->runner); runner != nullptr) {
        // One that does not take it is ended by TERM after the grace.
        send_order(runner->socket, StopUnit{attempt->serial});
    }
    const int number = signal_number(attempt->stage->stop_signal);
    // The ranks of a gang see the stop file themselves.
    if (number != 0 && !attempt->gang) {
        // Only the program that declared a handler: for its helpers it would be death.
        ::kill(attempt->pid, number);
    }
    attempt->stop = StopStep::asked;
    attempt->next_stop_step = now.boot + attempt->stage->limits.grace;
}

void AttemptRunner::Content::advance_stop(Attempt& attempt) {
    if (attempt.gang && attempt.stop == StopStep::killed) return kill_launcher_in_time(attempt);
    const bool waits = attempt.stop == StopStep::asked || attempt.stop == StopStep::terminated;
    if (!waits || now.boot < attempt.next_stop_step) return;
    if (attempt.stop == StopStep::asked) {
        if (attempt.gang) {
            terminate_gang(attempt);
        } else {
            signal_all(attempt, SIGTERM);
        }
        attempt.stop = StopStep::terminated;
        attempt.next_stop_step = now.boot + attempt.stage->limits.grace;
    } else {
        kill_at_once(attempt);
    }
}

void AttemptRunner::Content::signal_all(Attempt& attempt, int signal) {
    // The main process is our child until it is reaped: its pid cannot be somebody else's.
    if (attempt.phase == AttemptPhase::running) ::kill(attempt.pid, signal);
    for (const Process& process : processes_of(attempt)) {
        if (process.pid != attempt.pid) signal_process(process, signal);
    }
}

void AttemptRunner::Content::kill_at_once(Attempt& attempt) {
    attempt.stop = StopStep::killed;
    if (attempt.gang && attempt.phase == AttemptPhase::running) return kill_gang(attempt);
    signal_all(attempt, SIGKILL);
}

void AttemptRunner::Content::impose(Attempt& attempt, Cause cause, std::string message) {
    if (attempt.phase != AttemptPhase::running || attempt.imposed) return;
    attempt.imposed = cause;
    attempt.imposed_message = std::move(message);
    kill_at_once(attempt);
}

void AttemptRunner::Content::reap() {
    for (;;) {
        int status = 0;
        rusage usage{};
        const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return;
        if (RunnerProcess* runner = runners.find_pid(pid); runner != nullptr) {
            on_runner_ended(*runner, status);
            continue;
        }
        const auto main = mains.find(pid);
        if (main == mains.end()) continue;  // an orphan that fell to us
        Attempt& attempt = *find(main->second);
        mains.erase(main);
        on_main_ended(attempt, status, static_cast<std::uint64_t>(usage.ru_maxrss));
    }
}

void AttemptRunner::Content::on_main_ended(
    Attempt& attempt, int status, std::uint64_t memory_peak_kb
) {
    // What rank 0 said before it ended counts.
    if (attempt.gang && attempt.gang->socket.is_open()) hear_gang(attempt);
    attempt.phase = AttemptPhase::clearing;
    attempt.ended = now.boot;
    if (attempt.gang && attempt.gang->returned) {
        // Rank 0 said how the unit ended; what ends its processes afterwards is no news.
    } else if (WIFSIGNALED(status)) {
        attempt.signal = WTERMSIG(status);
    } else {
        attempt.exit_code = WEXITSTATUS(status);
    }
    attempt.memory_peak = std::max(attempt.memory_peak, Bytes{memory_peak_kb << 10U});
}

// Ends what the main process left behind, then waits for the last seal.
void AttemptRunner::Content::clear(Attempt& attempt) {
    if (attempt.gang && ends_gang(attempt)) return;
    std::vector<Process> left = processes_of(attempt);
    if (attempt.runner_is_free) {
        std::erase_if(left, [&](const Process& process) { return process.pid == attempt.pid; });
    }
    if (!left.empty()) {
        const bool patient = attempt.stop == StopStep::none && attempt.signal == 0;
        if (patient && now.boot < attempt.ended + helpers_may_take) return;
        if (patient && !attempt.left_processes) {
            attempt.left_processes = true;
            attempt.notes.push_back(fmt::format(
                "it left {} process{} behind ({}), which xorch ended",
                left.size(),
                left.size() == 1 ? "" : "es",
                names_of(left)
            ));
        }
        for (const Process& process : left)
            signal_process(process, SIGKILL);
        return;
    }
    while (attempt.output.is_open()) {
        const std::uint64_t before = attempt.capture.total();
        read_output(attempt, false);
        if (attempt.capture.total() == before) break;
    }
    while (attempt.errors.is_open()) {
        const std::uint64_t before = attempt.capture.total();
        read_output(attempt, true);
        if (attempt.capture.total() == before) break;
    }
    look_for_checkpoints(attempt);
    if (!attempt.checkpoints.in_flight) finish(attempt);
}

FinishRequest AttemptRunner::Content::finish_request(Attempt& attempt) {
    const Assignment& assignment = attempt.order.assignment;
    FinishRequest request{
        .stage = attempt.stage,
        .stops = stop_rules_of(sweep, *attempt.stage),
        .layout = settings.layout,
        .directory = sweep.directory,
        .places = attempt.prepared.places,
        .earlier_rows = attempt.prepared.earlier_rows,
        .has_output = !attempt.capture.is_empty(),
        .recent_output = std::string(attempt.capture.recent()),
        .notes = attempt.notes};
    request.facts = ExitFacts{
        .exit_code = attempt.exit_code,
        .signal = attempt.signal,
        .exit_checkpointed = attempt.stage->exit_checkpointed,
        .ordered = attempt.ordered,
        .imposed = attempt.imposed,
        .imposed_message = attempt.imposed_message,
        .reason = attempt.reason};
    if (attempt.gang) {
        request.gang = GangFinish{
            .hosts = assignment.hosts,
            .launcher = launcher_name(launcher_of(sweep)),
            .has_returned = attempt.gang->returned};
    }
    if (attempt.signal == SIGKILL && attempt.stop != StopStep::killed) {
        const std::uint64_t kills = out_of_memory_kills();
        request.facts.kernel_out_of_memory = kills > kernel_kills;
        kernel_kills = kills;
    }
    if (attempt.rows) {
        attempt.rows->finish();
        request.printed = attempt.rows->rows();
        request.printed_too_much = attempt.rows->overflowed();
    }
    request.output = {
        .id = assignment.id,
        .attempt = assignment.attempt,
        .has_live_file = attempt.has_live_file,
        .rest = attempt.capture.finish()};
    request.end.started_unix = attempt.started_unix;
    request.end.ran = attempt.ended - attempt.started;
    request.end.checkpoint_sequence = attempt.checkpoints.sealed;
    request.end.checkpoint_step = attempt.checkpoints.step;
    request.end.resumed = attempt.prepared.checkpoints.found.has_value();
    request.end.env_key = attempt.prepared.env_key;
    request.end.memory_peak = attempt.memory_peak;
    return request;
}

void AttemptRunner::Content::finish(Attempt& attempt) {
    attempt.phase = AttemptPhase::finishing;
    attempt.output = Descriptor();
    attempt.errors = Descriptor();
    ownership.remove(attempt.serial);
    if (RunnerProcess* runner = runners.find(attempt.runner); runner != nullptr) {
        // What left processes wrote before they were ended is this unit's, not the next one's.
        read_runner_output(*runner);
        runners.give_back(runner->number);
    }
    FinishRequest finishing = finish_request(attempt);
    if (is_node_local(finishing)) {
        return on_finished(
            attempt.serial, finish_attempt(disk, output_store, std::move(finishing))
        );
    }
    file_thread->post([this, serial = attempt.serial, request = std::move(finishing)] {
        const AttemptEnd end = finish_attempt(disk, output_store, request);
        return [this, serial, end] { on_finished(serial, end); };
    });
}

void AttemptRunner::Content::on_finished(std::uint64_t serial, AttemptEnd end) {
    Attempt& attempt = *find(serial);
    const Assignment& assignment = attempt.order.assignment;
    const bool may_have_checkpoints =
        attempt.checkpoints.sealed > 0 || assignment.attempt.value > 1;
    if (is_outcome(end.cause) && may_have_checkpoints) {
        const bool keep_last = attempt.stage->checkpoints.after == KeepCheckpoints::last;
        final_units.push_back({.id = assignment.id, .keep = keep_last ? 1U : 0U});
    }
    devices.give_back(attempt.devices);
    if (!attempt.gang) free_scratch.push_back(attempt.scratch);
    say(AttemptOver{.unit = assignment.unit, .attempt = assignment.attempt, .end = std::move(end)});
    attempts.erase(serial);
}

void AttemptRunner::Content::drop_final_checkpoints() {
    for (const FinalUnit& unit : std::exchange(final_units, {})) {
        checkpoint_thread->post([this, unit] {
            // What cannot be removed now costs space only; `xorch gc` finds it.
            [[maybe_unused]] const auto dropped =
                drop_checkpoints(disk, settings.layout, unit.id, unit.keep);
            return [] {};
        });
    }
}

void AttemptRunner::Content::kill_everything() {
    runners.kill_all();
    for (auto& [serial, attempt] : attempts) {
        if (attempt.phase == AttemptPhase::running || attempt.phase == AttemptPhase::clearing) {
            kill_at_once(attempt);
        }
    }
    // Each death may reveal orphans; a process that a kill cannot end is left to the keeper.
    constexpr int rounds_max = 1000;
    for (int round = 0; round < rounds_max; ++round) {
        bool left = false;
        for (auto& [serial, attempt] : attempts) {
            const auto processes = processes_of(attempt);
            left = left || !processes.empty();
            for (const Process& process : processes)
                signal_process(process, SIGKILL);
        }
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        if (!left) return;
        ::usleep(1000);
    }
}

}  // namespace xorch
