#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "core/stop_rule.h"
#include "worker/attempt/content.h"
#include "worker/attempt/storage/file_tree.h"
#include "worker/gang/ranks.h"
#include "worker/os/process_tree.h"

namespace xorch {

namespace {

// A script that makes its folder long before it saves does not say how long saving takes: no more
// than so many times the guess of a script that never saved.
constexpr int written_guesses_max = 30;

constexpr Millis tick_every{1000};
// Walking folders is dearer than reading /proc.
constexpr std::uint64_t disk_every_ticks = 5;
constexpr std::size_t disk_entries_max = 100'000;

std::string format_size(Bytes bytes) {
    constexpr double mib = 1048576.0;
    const double amount = static_cast<double>(bytes.value) / mib;
    return amount >= 1024 ? fmt::format("{:.1f} GiB", amount / 1024)
                          : fmt::format("{:.0f} MiB", amount);
}

}  // namespace

void AttemptRunner::Content::tick() {
    next_tick = now.boot + tick_every;
    ++ticks;
    ownership.refresh();
    for (auto& [serial, attempt] : attempts) {
        if (attempt.phase != AttemptPhase::running) continue;
        if (attempt.gang) watch_gang(attempt);
        watch_memory(attempt);
        watch_disk(attempt);
        watch_rows(attempt);
        if (now.boot - attempt.started >= tick_every) flush_live(attempt);
        look_for_checkpoints(attempt);
    }
}

void AttemptRunner::Content::watch_memory(Attempt& attempt) {
    const std::vector<Process>& processes = ownership.known_of(attempt.serial);
    Bytes used{0};
    for (const Process& process : processes)
        used.value += process.memory.value;
    attempt.memory_peak = std::max(attempt.memory_peak, used);
    const Bytes share = attempt.stage->resources.memory;
    // Each rank of a gang is watched where it runs.
    if (share.value == 0 || used <= share || attempt.gang) return;
    // Forked workers share pages: count each page once before anybody is ended for it.
    Bytes proportional{0};
    for (const Process& process : processes)
        proportional.value += proportional_memory(process.pid).value_or(process.memory).value;
    if (proportional <= share) return;
    impose(
        attempt,
        Cause::out_of_memory,
        fmt::format(
            "it used {} of its {} (resources.memory) in {} process{}",
            format_size(proportional),
            format_size(share),
            processes.size(),
            processes.size() == 1 ? "" : "es"
        )
    );
}

void AttemptRunner::Content::watch_disk(Attempt& attempt) {
    const Bytes share = attempt.stage->limits.disk;
    const bool due = (ticks + attempt.serial) % disk_every_ticks == 0;
    if (share.value == 0 || attempt.measuring_disk || !due) return;
    attempt.measuring_disk = true;
    file_thread->post([this, serial = attempt.serial, places = attempt.prepared.places, share] {
        const Bytes used{
            disk_usage(places.scratch, disk_entries_max).value +
            disk_usage(places.attempt_directory, disk_entries_max).value};
        return [this, serial, used, share] {
            Attempt* found = find(serial);
            if (found == nullptr) return;
            found->measuring_disk = false;
            if (used <= share) return;
            impose(
                *found,
                Cause::output_limit,
                fmt::format(
                    "its files take {} of its {} (limits.disk)",
                    format_size(used),
                    format_size(share)
                )
            );
        };
    });
}

AttemptRows AttemptRunner::Content::rows_of(const Attempt& attempt) const {
    const AttemptPlaces& places = attempt.prepared.places;
    return {
        .source = attempt.stage->records.from,
        .files = {.records = places.records, .out = places.out, .directory = sweep.directory},
        .earlier = attempt.prepared.earlier_rows,
        .printed = attempt.printed,
        .started_unix = attempt.started_unix
    };
}

// A unit whose rows show that it is hopeless is asked to stop. The last step of the attempt judges
// the same rows and says what its end is: looking late costs time and changes no record.
void AttemptRunner::Content::watch_rows(Attempt& attempt) {
    if (attempt.reading_rows || attempt.stop != StopStep::none) return;
    std::vector<StopRule> rules = stop_rules_of(sweep, *attempt.stage);
    if (rules.empty()) return;
    attempt.reading_rows = true;
    file_thread->post([this,
                       serial = attempt.serial,
                       rows = rows_of(attempt),
                       rules = std::move(rules)] {
        const auto read = rows_so_far(disk, rows);
        const bool is_hopeless = read && find_hopeless(rules, *read).has_value();
        return [this, serial, is_hopeless] {
            Attempt* found = find(serial);
            if (found == nullptr) return;
            found->reading_rows = false;
            const Assignment& assignment = found->order.assignment;
            if (!is_hopeless || found->ordered) return;
            end(now,
                {.unit = assignment.unit, .attempt = assignment.attempt, .cause = Cause::hopeless});
        };
    });
}

void AttemptRunner::Content::flush_live(Attempt& attempt) {
    if (attempt.capture.pending() == 0) return;
    attempt.has_live_file = true;
    file_thread->post([this,
                       serial = attempt.serial,
                       id = attempt.order.assignment.id,
                       number = attempt.order.assignment.attempt,
                       bytes = attempt.capture.take_pending()] {
        const auto written = output_store.append_live(id, number, bytes);
        const std::string problem = written ? "" : written.error().message;
        return [this, serial, size = bytes.size(), problem] {
            Attempt* found = find(serial);
            if (found == nullptr) return;
            found->capture.on_written(size);
            const std::string note = "part of its output was not written: " + problem;
            const bool said = !found->notes.empty() && found->notes.back() == note;
            if (!problem.empty() && !said) found->notes.push_back(note);
        };
    });
}

void AttemptRunner::Content::on_published_event() {
    alignas(inotify_event) std::array<char, 8192> buffer{};
    std::vector<std::uint64_t> serials;
    for (;;) {
        const ssize_t got = ::read(inotify.number(), buffer.data(), buffer.size());
        if (got <= 0) break;
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            at += sizeof event + event.len;
            const auto watched = publish_watches.find(event.wd);
            if (watched == publish_watches.end()) continue;
            if ((event.mask & IN_IGNORED) != 0) {
                publish_watches.erase(watched);
            } else {
                serials.push_back(watched->second);
            }
        }
    }
    for (const std::uint64_t serial : serials) {
        Attempt* attempt = find(serial);
        if (attempt != nullptr && attempt->phase == AttemptPhase::running) {
            look_for_checkpoints(*attempt);
        }
    }
}

PublishRequest AttemptRunner::Content::publish_request(Attempt& attempt) {
    const AttemptPlaces& places = attempt.prepared.places;
    PublishRequest request{
        .publish = places.publish,
        .glob = attempt.stage->checkpoints.from,
        .bases = {places.out, sweep.directory},
        .not_before_ns = (attempt.started_unix - stamp_lag).count() * 1'000'000,
        .state = attempt.checkpoints.state,
        .ended = attempt.phase == AttemptPhase::clearing && attempt.signal == 0,
        .attempt_directory = places.attempt_directory,
        .sequence = attempt.checkpoints.next_sequence,
        .rows = rows_of(attempt)
    };
    for (const Process& process : ownership.known_of(attempt.serial))
        request.processes.push_back(process.pid);
    if (attempt.gang) {
        for (const Process& process : ranks_of_gang(attempt.scratch))
            request.processes.push_back(process.pid);
    }
    return request;
}

void AttemptRunner::Content::look_for_checkpoints(Attempt& attempt) {
    CheckpointWatch& watch = attempt.checkpoints;
    const bool is_last = attempt.phase == AttemptPhase::clearing;
    if (is_last && watch.final_look_done) return;
    if (watch.in_flight) {
        watch.again = true;
        return;
    }
    const bool globs = !attempt.stage->checkpoints.from.empty();
    // A look at the loop's own cost only where the folder is node-local or nothing is published.
    if (!globs && !has_published(attempt.prepared.places.publish)) {
        watch.final_look_done = is_last;
        return;
    }
    watch.final_look_done = is_last;
    watch.in_flight = true;
    watch.again = false;
    watch.asked_at = now.boot;
    checkpoint_thread->post([this, serial = attempt.serial, request = publish_request(attempt)] {
        const Published published = publish_checkpoints(disk, request);
        return [this, serial, published] { on_looked(serial, published); };
    });
}

void AttemptRunner::Content::on_looked(std::uint64_t serial, Published published) {
    Attempt* attempt = find(serial);
    if (attempt == nullptr) return;
    CheckpointWatch& watch = attempt->checkpoints;
    watch.in_flight = false;
    watch.state = std::move(published.state);
    for (std::string& problem : published.problems)
        attempt->notes.push_back(std::move(problem));
    if (published.sealed) {
        const Millis written_max = written_guesses_max * sweep.tuning.save_guess;
        const Millis written = std::min(published.written, written_max);
        watch.sealed = published.sequence;
        watch.step = published.step;
        watch.next_sequence = published.sequence + 1;
        say(AttemptSealed{
            CheckpointSealed{
                             .unit = attempt->order.assignment.unit,
                             .attempt = attempt->order.assignment.attempt,
                             .sequence = published.sequence,
                             .step = published.step,
                             .took = written + (now.boot - watch.asked_at)}
        });
    }
    if (watch.again && attempt->phase == AttemptPhase::running) look_for_checkpoints(*attempt);
}

}  // namespace xorch
