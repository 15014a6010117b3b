#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "core/io/pipe.h"
#include "core/io/spawn.h"
#include "core/stop_rule.h"
#include "worker/attempt/content.h"
#include "worker/attempt/noop.h"
#include "worker/attempt/steps/environment.h"
#include "worker/attempt/storage/file_tree.h"

namespace xorch {

namespace {

AttemptEnd failed_start(Now now, std::string message) {
    AttemptEnd end;
    end.cause = Cause::spawn;
    end.message = std::move(message);
    end.started_unix = now.unix;
    return end;
}

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ",") + item;
    return text;
}

bool is_in_scratch(const std::string& path, const AttemptPlaces& places) {
    return path.starts_with(places.scratch + "/");
}

}  // namespace

void AttemptRunner::Content::start(Now at, const StartAttempt& order) {
    now = at;
    const Assignment& assignment = order.assignment;
    const auto refuse = [&](std::string message) {
        say(AttemptOver{
            .unit = assignment.unit,
            .attempt = assignment.attempt,
            .end = failed_start(now, std::move(message))});
    };
    if (assignment.unit.stage.value >= sweep.stages.size()) return refuse("there is no such stage");
    const Stage& stage = sweep.stages[assignment.unit.stage.value];
    if (stage.job == "noop") {
        say(AttemptOver{
            .unit = assignment.unit,
            .attempt = assignment.attempt,
            .end = judged(stop_rules_of(sweep, stage), run_noop(now, assignment.params))});
        return;
    }
    if (find(assignment.unit, assignment.attempt) != nullptr) return;  // ordered twice
    const std::uint64_t serial = ++last_serial;
    Attempt& attempt = attempts
                           .emplace(
                               serial,
                               Attempt{
                                   .serial = serial,
                                   .order = order,
                                   .stage = &stage,
                                   .capture = OutputCapture(stage.limits.output)}
                           )
                           .first->second;
    attempt.started = now.boot;
    attempt.started_unix = now.unix;
    if (assignment.hosts.empty()) {
        attempt.scratch = take_scratch();
        attempt.devices = devices.take(stage.resources.cpus, stage.resources.gpus);
    } else if (auto began = begin_gang(attempt); !began) {
        attempt.prepared.places = places_of(request_for(attempt));
        return never_started(attempt, Cause::spawn, began.error().message);
    }
    if (next_tick < now.boot) next_tick = now.boot + Millis(1000);
    const bool is_first = assignment.attempt.value == 1;
    const AttemptPlaces places = places_of(request_for(attempt));
    if (is_first && !attempt.gang && places.out != places.lasting_out &&
        (is_native(stage) || is_in_scratch(places.publish, places))) {
        // Node-local files only: no disk to wait for, and two turns of the scheduler saved.
        return on_prepared(serial, prepare_attempt(disk, request_for(attempt)));
    }
    // Verifying a checkpoint may take as long as writing one; a first attempt has none.
    BackgroundQueue& thread = is_first ? *file_thread : *checkpoint_thread;
    thread.post([this, serial, request = request_for(attempt)] {
        auto prepared = prepare_attempt(disk, request);
        return [this, serial, prepared = std::move(prepared)] { on_prepared(serial, prepared); };
    });
}

// Folders are used again, since making and removing them costs a small unit more than its process.
std::string AttemptRunner::Content::take_scratch() {
    if (free_scratch.empty()) return settings.scratch + "/" + std::to_string(++scratch_count);
    std::string folder = std::move(free_scratch.back());
    free_scratch.pop_back();
    return folder;
}

PreparationRequest AttemptRunner::Content::request_for(const Attempt& attempt) {
    const std::uint32_t index = attempt.order.assignment.unit.stage.value;
    auto known = stage_environments.find(index);
    if (known == stage_environments.end()) {
        auto environment = stage_environment(base_environment, *attempt.stage);
        known = stage_environments.emplace(index, std::move(environment)).first;
    }
    PreparationRequest request{
        .order = attempt.order,
        .stage = attempt.stage,
        .layout = settings.layout,
        .incarnation = settings.incarnation,
        .scratch = attempt.scratch,
        .directory = sweep.directory,
        .environment = known->second};
    if (!attempt.devices.gpus.empty() || attempt.devices.hide_gpus) {
        set_variable(request.environment, "CUDA_VISIBLE_DEVICES", joined(attempt.devices.gpus));
    }
    if (attempt.gang) request.gang = gang_request(attempt);
    return request;
}

void AttemptRunner::Content::on_prepared(std::uint64_t serial, Result<Preparation> prepared) {
    Attempt& attempt = *find(serial);
    if (!prepared) {
        attempt.prepared.places = places_of(request_for(attempt));
        return never_started(attempt, Cause::spawn, prepared.error().message);
    }
    attempt.prepared = std::move(*prepared);
    attempt.notes = attempt.prepared.checkpoints.damaged;
    CheckpointWatch& watch = attempt.checkpoints;
    watch.next_sequence = attempt.prepared.checkpoints.highest_sequence + 1;
    if (const auto& found = attempt.prepared.checkpoints.found) {
        watch.sealed = found->place.sequence;
        watch.step = found->step;
    }
    if (attempt.ordered) {
        return never_started(attempt, *attempt.ordered, "it was stopped before it started");
    }
    const bool has_runner = is_native(*attempt.stage) && !attempt.gang;
    if (auto began = has_runner ? hand_to_runner(attempt) : spawn_main(attempt); !began) {
        return never_started(attempt, Cause::spawn, began.error().message);
    }
    say(AttemptRunning{
        .unit = attempt.order.assignment.unit,
        .attempt = attempt.order.assignment.attempt,
        .pid = static_cast<std::uint64_t>(attempt.pid)});
}

Result<void> AttemptRunner::Content::spawn_main(Attempt& attempt) {
    const std::string& pattern = attempt.stage->records.from.stdout_pattern;
    if (!pattern.empty()) {
        auto rows = StdoutRows::make(pattern);
        if (!rows) return tl::unexpected(rows.error());
        attempt.rows = std::move(*rows);
    }
    auto output = make_pipe();
    if (!output) return tl::unexpected(output.error());
    Pipe errors;
    if (attempt.rows) {
        auto made = make_pipe();
        if (!made) return tl::unexpected(made.error());
        errors = std::move(*made);
    }
    if (inotify.is_open()) {
        attempt.checkpoints.inotify = ::inotify_add_watch(
            inotify.number(), attempt.prepared.places.publish.c_str(), IN_MOVED_TO | IN_ONLYDIR
        );
    }
    if (before_start) before_start();
    const auto pid = spawn(
        {.program = attempt.prepared.program,
         .argv = attempt.prepared.argv,
         .environment = attempt.prepared.environment,
         .directory = sweep.directory,
         .output = output->write_end.number(),
         .error_output = errors.write_end.number(),
         .cpus = attempt.devices.cpus}
    );
    if (!pid) return tl::unexpected(pid.error());
    mains.emplace(*pid, attempt.serial);
    on_spawned(attempt, *pid);
    if (attempt.checkpoints.inotify >= 0) {
        // A watch lives as long as its folder, which later attempts may use again.
        publish_watches.insert_or_assign(attempt.checkpoints.inotify, attempt.serial);
    }
    attempt.output = std::move(output->read_end);
    attempt.errors = std::move(errors.read_end);
    if (auto watched = watch_descriptor(attempt.output, attempt.serial, EventKind::output);
        !watched) {
        attempt.notes.push_back("its output is lost: " + watched.error().message);
    }
    if (attempt.errors.is_open()) {
        if (auto watched = watch_descriptor(attempt.errors, attempt.serial, EventKind::errors);
            !watched) {
            attempt.notes.push_back("its errors are lost: " + watched.error().message);
        }
    }
    return {};
}

void AttemptRunner::Content::on_spawned(Attempt& attempt, pid_t main) {
    attempt.pid = main;
    attempt.phase = AttemptPhase::running;
    attempt.started = now.boot;
    attempt.started_unix = now.unix;
    ownership.add(
        {.serial = attempt.serial,
         .main = main,
         .unit_id = format_unit_id(attempt.order.assignment.id),
         .attempt = std::to_string(attempt.order.assignment.attempt.value)}
    );
}

// No process was made: nothing to judge or to collect, only folders to remove.
void AttemptRunner::Content::never_started(Attempt& attempt, Cause cause, std::string message) {
    AttemptEnd end = failed_start(now, std::move(message));
    end.cause = cause;
    end.checkpoint_sequence = attempt.checkpoints.sealed;
    end.checkpoint_step = attempt.checkpoints.step;
    for (const std::string& note : attempt.notes)
        end.message += "; " + note;
    attempt.phase = AttemptPhase::finishing;
    file_thread->post([this, serial = attempt.serial, end, places = attempt.prepared.places](
                      ) mutable {
        if (auto cleared = clear_places(places); !cleared)
            end.message += "; " + cleared.error().message;
        return [this, serial, end] { on_finished(serial, end); };
    });
}

}  // namespace xorch
