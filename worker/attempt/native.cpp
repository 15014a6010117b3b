#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "worker/attempt/content.h"

namespace xorch {

namespace {

// A full pipe, so that one look at it takes all that an ended unit wrote.
constexpr std::size_t output_chunk = 65536;
// Per event, so that a flood does not starve the others.
constexpr int output_chunks_per_turn = 16;
// An idle runner may have died without our having reaped it; a fresh one just after that has not.
constexpr int runners_tried = 2;

int exit_code_of(const UnitReturned& returned, const Stage& stage) {
    switch (returned.outcome) {
        case UnitOutcome::done:
            return EXIT_SUCCESS;
        case UnitOutcome::checkpointed:
            return stage.exit_checkpointed;
        case UnitOutcome::failed:
        case UnitOutcome::out_of_memory:
            return EXIT_FAILURE;
    }
    return EXIT_FAILURE;
}

}  // namespace

RunUnit AttemptRunner::Content::unit_for_runner(const Attempt& attempt) const {
    const Assignment& assignment = attempt.order.assignment;
    const AttemptPlaces& places = attempt.prepared.places;
    const auto& found = attempt.prepared.checkpoints.found;
    RunUnit unit{
        .serial = attempt.serial,
        .id = format_unit_id(assignment.id),
        .attempt = assignment.attempt.value,
        .job = attempt.stage->job,
        .job_version = attempt.stage->job_version,
        .params = assignment.params.empty() ? "" : places.params,
        .inputs = assignment.inputs.empty() ? "" : places.inputs,
        .seed = assignment.seed,
        .threads = attempt.stage->threads,
        .out = places.out,
        .publish = places.publish,
        .resume = found ? found->resume : "",
        .records = places.records,
        .checkpoint_every = attempt.stage->limits.checkpoint_every,
        .time_left = attempt.order.time_left};
    for (const int cpu : attempt.devices.cpus)
        unit.cpus.push_back(static_cast<std::uint32_t>(cpu));
    return unit;
}

Result<void> AttemptRunner::Content::hand_to_runner(Attempt& attempt) {
    for (int i = 0; i < runners_tried; ++i) {
        const auto runner = take_runner(attempt);
        if (!runner) return tl::unexpected(runner.error());
        RunnerProcess& taken = **runner;
        if (!send_order(taken.socket, unit_for_runner(attempt))) {
            taken.worn = true;
            runners.give_back(taken.number);
            continue;
        }
        attempt.runner = taken.number;
        on_spawned(attempt, taken.pid);
        return {};
    }
    return fail(ErrorCode::unavailable, "its runner died before it took the unit");
}

Result<RunnerProcess*> AttemptRunner::Content::take_runner(const Attempt& attempt) {
    auto taken = runners.take(attempt.serial, attempt.prepared.environment);
    if (!taken || (*taken)->is_watched) return taken;
    RunnerProcess& runner = **taken;
    runner.is_watched = true;
    ownership.add_bystander(runner.pid);
    auto watched = watch_descriptor(runner.socket, runner.number, EventKind::runner);
    if (watched) watched = watch_descriptor(runner.output, runner.number, EventKind::runner_output);
    if (watched) return taken;
    runner.worn = true;
    runners.give_back(runner.number);
    return tl::unexpected(watched.error());
}

void AttemptRunner::Content::on_runner_event(std::uint64_t number, EventKind kind) {
    RunnerProcess* runner = runners.find(number);
    if (runner == nullptr) return;
    if (kind == EventKind::runner_output) return read_runner_output(*runner);
    read_runner(*runner);
}

void AttemptRunner::Content::read_runner(RunnerProcess& runner) {
    const auto news_read = read_news(runner.socket, runner.inbox);
    Attempt* attempt = find(runner.serial);
    const bool is_running = attempt != nullptr && attempt->phase == AttemptPhase::running;
    if (!news_read) {
        if (is_running) impose(*attempt, Cause::crash, news_read.error().message);
        runner.worn = true;
        return;
    }
    for (const RunnerNews& item : *news_read) {
        if (!is_running || attempt->phase != AttemptPhase::running) return;
        if (const auto* returned = std::get_if<UnitReturned>(&item)) {
            if (returned->serial == attempt->serial) on_returned(runner, *returned);
        } else {
            look_for_checkpoints(*attempt);
        }
    }
}

// A runner's pipe is read for whoever has it; what it writes between units is nobody's.
void AttemptRunner::Content::read_runner_output(RunnerProcess& runner) {
    Attempt* attempt = find(runner.serial);
    std::array<char, output_chunk> chunk{};
    for (int i = 0; i < output_chunks_per_turn && runner.output.is_open(); ++i) {
        const ssize_t got = ::read(runner.output.number(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            runner.output = Descriptor();
            break;
        }
        if (attempt == nullptr) continue;
        attempt->capture.add(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
    }
    if (attempt != nullptr) flush_live_if_much(*attempt);
}

void AttemptRunner::Content::on_returned(RunnerProcess& runner, const UnitReturned& returned) {
    Attempt& attempt = *find(runner.serial);
    read_runner_output(runner);
    attempt.phase = AttemptPhase::clearing;
    attempt.ended = now.boot;
    take_over(attempt, returned);
    // A signal that crossed its words on the way still reaches it.
    const bool is_signalled =
        attempt.stop == StopStep::terminated || attempt.stop == StopStep::killed;
    runner.worn = runner.worn || returned.worn || is_signalled;
    attempt.runner_is_free = true;
}

// What the unit says of its end.
void AttemptRunner::Content::take_over(Attempt& attempt, const UnitReturned& returned) {
    attempt.exit_code = exit_code_of(returned, *attempt.stage);
    attempt.reason = returned.message;
    attempt.prepared.env_key = returned.env_key;
    attempt.memory_peak = std::max(attempt.memory_peak, Bytes{returned.memory_peak});
    if (!returned.remark.empty()) attempt.notes.push_back(returned.remark);
    if (returned.outcome == UnitOutcome::out_of_memory && !attempt.imposed) {
        attempt.imposed = Cause::out_of_memory;
        attempt.imposed_message = returned.message;
    }
}

void AttemptRunner::Content::on_runner_ended(RunnerProcess& runner, int status) {
    // What it said before it died counts.
    read_runner(runner);
    read_runner_output(runner);
    Attempt* attempt = find(runner.serial);
    if (attempt != nullptr && attempt->phase == AttemptPhase::running) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
            // For the runner's sake only: the unit said nothing about itself.
            attempt->reason = "its runner exited in the middle of the unit";
        }
        on_main_ended(*attempt, status, 0);
        if (!attempt->reason.empty()) attempt->exit_code = EXIT_FAILURE;
    } else if (attempt != nullptr) {
        attempt->runner_is_free = false;
    }
    ownership.remove_bystander(runner.pid);
    runners.remove(runner.number);
}

}  // namespace xorch
