#include "tools/cli/read/slurm_jobs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "coordinator/report/text.h"
#include "core/io/process.h"
#include "slurm/command.h"
#include "slurm/queue_file.h"
#include "slurm/slurm_backend.h"

namespace xorch {

namespace {

// As often as the coordinator asks: at most one question a minute, however many people look.
constexpr Millis answer_fresh{60'000};

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

bool is_left(const QueuedJob& job) {
    return job.state.phase != SlurmPhase::ended;
}

}  // namespace

void look_at_slurm(Disk& disk, const SweepLayout& layout, SweepStatus& status, StatusPage& page) {
    if (!status.on_slurm || status.phase == SweepPhase::complete) return;
    if (status.phase == SweepPhase::stopped) return;
    auto answer = last_answer(disk, layout, page.now_unix);
    const bool was_asked_before = answer.has_value();
    if (!answer) answer = ask(disk, layout, page.now_unix);
    if (!answer) return;
    const bool any_left = std::any_of(answer->jobs.begin(), answer->jobs.end(), is_left);
    // An answer from before the last submission must not strand anybody.
    if (status.phase == SweepPhase::queued && !any_left) {
        if (was_asked_before) answer = ask(disk, layout, page.now_unix);
        if (!answer) return;
        const auto& jobs = answer->jobs;
        if (std::none_of(jobs.begin(), jobs.end(), is_left)) status.phase = SweepPhase::stranded;
    }
    for (const std::string& line : describe_jobs(*answer, page.now_unix))
        page.jobs.push_back(escape_for_terminal(line));
    page.jobs_title = fmt::format(
        "Slurm's jobs, as of {} ago",
        spell_duration(std::max(page.now_unix - answer->at_unix, Millis{0}))
    );
}

}  // namespace xorch
