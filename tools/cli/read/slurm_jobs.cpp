#include "tools/cli/read/slurm_jobs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "coordinator/report/text.h"
#include "core/io/process.h"
#include "slurm/command.h"
#include "slurm/slurm_backend.h"

namespace xorch {

namespace {

// A coordinator asks once a minute; this waits for its next answer. Where there is none, at most
// one question in this time, however many people look.
constexpr Millis answer_fresh{75'000};

std::optional<QueueAnswer> last_answer(Disk& disk, const SweepLayout& layout, Millis now_unix) {
    const auto text = disk.read(layout.queue());
    if (!text) return std::nullopt;
    auto answer = parse_queue_answer(*text);
    if (!answer || now_unix - answer->at_unix > answer_fresh) return std::nullopt;
    return std::move(*answer);
}

// All of the user's jobs, of which those of this sweep are told by their names.
std::optional<QueueAnswer> ask(Disk& disk, const SweepLayout& layout, Millis now_unix) {
    QueueQuery query;
    query.user = std::to_string(geteuid());
    auto argv = squeue_argv(query);
    if (!argv) return std::nullopt;
    const auto run =
        run_command({.argv = std::move(*argv)}, slurm_environment(current_environment()));
    if (!run) return std::nullopt;
    auto jobs = parse_squeue(*run);
    if (!jobs) return std::nullopt;
    std::erase_if(*jobs, [&](const QueuedJob& job) {
        return token_of_job_name(layout.root, job.name).empty();
    });
    QueueAnswer answer{.at_unix = now_unix, .jobs = std::move(*jobs)};
    [[maybe_unused]] const auto kept =
        write_file_atomically(disk, layout.queue(), format_queue_answer(answer));
    return answer;
}

bool any_left(const QueueAnswer& answer) {
    return std::any_of(answer.jobs.begin(), answer.jobs.end(), [](const QueuedJob& job) {
        return job.state.phase != SlurmPhase::ended;
    });
}

}  // namespace

std::optional<QueueAnswer> look_at_slurm(
    Disk& disk, const SweepLayout& layout, SweepStatus& status, Millis now_unix
) {
    if (!status.on_slurm || status.phase == SweepPhase::complete) return std::nullopt;
    if (status.phase == SweepPhase::stopped) return std::nullopt;
    auto answer = last_answer(disk, layout, now_unix);
    const bool was_asked_before = answer.has_value();
    if (!answer) answer = ask(disk, layout, now_unix);
    if (!answer || status.phase != SweepPhase::queued || any_left(*answer)) return answer;
    // An answer from before the last submission must not strand anybody.
    if (was_asked_before) answer = ask(disk, layout, now_unix);
    if (answer && !any_left(*answer)) status.phase = SweepPhase::stranded;
    return answer;
}

std::vector<std::string> job_lines(const QueueAnswer& answer, Millis now_unix) {
    std::vector<std::string> lines = describe_jobs(answer, now_unix);
    for (std::string& line : lines)
        line = escape_for_terminal(line);
    return lines;
}

std::string jobs_title(const QueueAnswer& answer, Millis now_unix) {
    const Millis age = std::max(now_unix - answer.at_unix, Millis{0});
    return fmt::format("Slurm's jobs, as of {} ago", spell_duration(age));
}

Value as_json(const std::optional<QueueAnswer>& answer) {
    return answer ? Value(queue_object(*answer)) : Value();
}

std::optional<Bytes> free_space(const std::string& path) {
    std::error_code error;
    const auto space = std::filesystem::space(path, error);
    if (error) return std::nullopt;
    return Bytes{space.available};
}

Object look_object(
    const SweepStatus& status, const std::optional<QueueAnswer>& answer, const SweepLayout& layout
) {
    Object object = status_object(status);
    object.emplace_back("slurm", as_json(answer));
    object.emplace_back("disk_full", is_disk_full(free_space(layout.root)));
    return object;
}

}  // namespace xorch
