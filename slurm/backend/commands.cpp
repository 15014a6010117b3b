// sbatch, scancel and squeue: what they are given, and what follows from the answers of the first
// two.

#include <fmt/format.h>
#include <unistd.h>

#include "slurm/backend/content.h"
#include "slurm/fields.h"
#include "slurm/job_script.h"

namespace xorch {

namespace {

// scancel fails for a job that is over, in one of these ways.
bool says_that_it_is_over(const ProgramRun& scancel) {
    return mentions_word(scancel.error_output, "invalid job id specified") ||
           mentions_word(scancel.error_output, "already completing or completed");
}

}  // namespace

void SlurmBackend::Content::submit(AllocationId allocation) {
    Job& job = jobs.at(allocation);
    job.phase = JobPhase::submitting;
    job.missing = 0;
    Submission submission{
        .options = settings.options,
        .job_name = name_of(job),
        .directory = settings.directory,
        .output = fmt::format("logs/allocation-{}.txt", allocation.value),
        .after = {},
        .singleton = false,
        .excluded_nodes = job.order.avoid_nodes,
        .test_only = false};
    if (const auto after = parse_job_id(job.order.after_job)) submission.after = {*after};
    auto argv = sbatch_argv(submission);
    if (!argv) {
        const std::string reason = argv.error().message;
        jobs.erase(allocation);
        report(AllocationRefused{.allocation = allocation, .reason = reason, .for_good = true});
        return;
    }
    errands->send([this, allocation, command = command_of(std::move(*argv), job_script)] {
        SubmissionAnswer answer = read_sbatch(run_command(command, settings.environment));
        return [this, allocation, answer = std::move(answer)] { on_submitted(allocation, answer); };
    });
}

void SlurmBackend::Content::on_submitted(AllocationId allocation, const SubmissionAnswer& answer) {
    const auto found = jobs.find(allocation);
    if (found == jobs.end() || found->second.phase != JobPhase::submitting) return;
    Job& job = found->second;
    switch (answer.outcome) {
        case SubmissionOutcome::accepted:
            job.phase = JobPhase::submitted;
            job.id = answer.job;
            if (job.unwanted) {
                cancel(allocation);
                return;
            }
            report(AllocationSubmitted{
                .allocation = allocation, .job = std::to_string(answer.job.value)});
            return;
        case SubmissionOutcome::waiting:
        case SubmissionOutcome::wrong:
            log("Slurm did not take an allocation: " + answer.message);
            jobs.erase(found);
            report(AllocationRefused{
                .allocation = allocation,
                .reason = answer.message,
                .for_good = answer.outcome == SubmissionOutcome::wrong});
            return;
        case SubmissionOutcome::unreachable:
            log("whether Slurm took an allocation is not known: " + answer.message);
            job.phase = JobPhase::looking;
            return;
    }
}

void SlurmBackend::Content::cancel(AllocationId allocation) {
    Job& job = jobs.at(allocation);
    job.phase = JobPhase::cancelling;
    std::vector<std::string> argv{"scancel", std::to_string(job.id.value)};
    errands->send([this, allocation, command = command_of(std::move(argv))] {
        auto run = run_command(command, settings.environment);
        return [this, allocation, run = std::move(run)] { on_cancelled(allocation, run); };
    });
}

void SlurmBackend::Content::on_cancelled(AllocationId allocation, const Result<ProgramRun>& run) {
    const auto found = jobs.find(allocation);
    if (found == jobs.end()) return;
    const bool is_over = run && (run->exit_code == 0 || says_that_it_is_over(*run));
    if (!is_over) {
        // The controller does not answer: tried again after the next look at the queue.
        found->second.phase = JobPhase::submitted;
        log(fmt::format(
            "job {} could not be cancelled: {}",
            found->second.id.value,
            run ? last_lines(run->error_output) : run.error().message
        ));
        return;
    }
    jobs.erase(found);
    report(AllocationEnded{.allocation = allocation, .reason = "cancelled by xorch"});
}

void SlurmBackend::Content::ask_queue() {
    QueueQuery query;
    query.user = std::to_string(::geteuid());
    for (const auto& [allocation, job] : jobs)
        query.names.push_back(name_of(job));
    auto argv = squeue_argv(query);
    if (!argv) {
        next_question = now.boot + patience;
        log(argv.error().message);
        return;
    }
    asking = true;
    errands->send([this, command = command_of(std::move(*argv))] {
        Result<std::vector<QueuedJob>> answer = [&]() -> Result<std::vector<QueuedJob>> {
            const auto run = run_command(command, settings.environment);
            if (!run) return tl::unexpected(run.error());
            return parse_squeue(*run);
        }();
        if (answer) keep(*answer);
        return [this, answer = std::move(answer)] {
            asking = false;
            on_queue(answer);
            next_question = now.boot + patience;
        };
    });
}

}  // namespace xorch
