// What the queue says of each job, or does not say.

#include <algorithm>

#include "slurm/backend/content.h"

namespace xorch {

namespace {

// squeue is asked less and less often while it does not answer.
constexpr Millis longest_silence{300'000};

// So many successful answers in a row do not name a job: then it is given up. One is not enough:
// squeue may answer from before the submission, or forget.
constexpr unsigned missing_max = 3;

// A submission that nobody can tell the outcome of is repeated when the queue did not name it so
// often: what was under way when the question was asked has arrived by the second.
constexpr unsigned missing_before_submitting = 2;

std::string reason_of(const SlurmJobState& state, const std::string& word) {
    return state.end ? std::string(word_for(*state.end)) : word;
}

}  // namespace

void SlurmBackend::Content::on_queue(const Result<std::vector<QueuedJob>>& answer) {
    if (!answer) {
        patience = std::min(2 * patience, longest_silence);
        log("Slurm's queue does not answer: " + answer.error().message);
        return;
    }
    patience = settings.poll_every;
    std::vector<AllocationId> known;
    for (const auto& [allocation, job] : jobs)
        known.push_back(allocation);
    for (const AllocationId allocation : known) {
        Job& job = jobs.at(allocation);
        const std::string name = name_of(job);
        const auto is_its = [&](const QueuedJob& row) {
            return row.name == name && (job.id.value == 0 || row.job == job.id);
        };
        const auto row = std::find_if(answer->begin(), answer->end(), is_its);
        if (row == answer->end()) {
            on_missing(allocation, job);
        } else if (!on_row(allocation, job, *row)) {
            jobs.erase(allocation);
        }
    }
}

// False if the job is over.
bool SlurmBackend::Content::on_row(AllocationId allocation, Job& job, const QueuedJob& row) {
    job.missing = 0;
    // sbatch, or scancel, will say it.
    if (job.phase == JobPhase::submitting || job.phase == JobPhase::cancelling) return true;
    if (job.phase == JobPhase::looking) {
        job.phase = JobPhase::submitted;
        job.id = row.job;
        job.told = false;
    }
    if (!job.told && !job.unwanted && row.state.phase != SlurmPhase::ended) {
        job.told = true;
        report(AllocationSubmitted{.allocation = allocation, .job = std::to_string(row.job.value)});
    }
    switch (row.state.phase) {
        case SlurmPhase::running:
            if (job.phase == JobPhase::leaving || job.unwanted) break;
            if (row.end || (row.time_left && row.time_left->unlimited)) {
                report(AllocationStarted{
                    .allocation = allocation,
                    .end_unix = row.end.value_or(Millis{0}),
                    .began_unix = row.start.value_or(Millis{0})});
            }
            break;
        case SlurmPhase::ended:
            report(AllocationEnded{
                .allocation = allocation, .reason = reason_of(row.state, row.state_word)});
            return false;
        case SlurmPhase::waiting:
        case SlurmPhase::stopping:
        case SlurmPhase::unknown:
            break;
    }
    if (job.unwanted && job.phase == JobPhase::submitted) cancel(allocation);
    return true;
}

void SlurmBackend::Content::on_missing(AllocationId allocation, Job& job) {
    ++job.missing;
    switch (job.phase) {
        case JobPhase::submitting:
        case JobPhase::cancelling:
        case JobPhase::leaving:
            return;
        case JobPhase::looking:
            if (job.missing < missing_before_submitting) return;
            if (job.unwanted) {
                jobs.erase(allocation);
                return;
            }
            if (job.ordered) {
                submit(allocation);
                return;
            }
            // The journal saw it start: submitted again, it would run twice.
            break;
        case JobPhase::submitted:
            if (!job.unwanted || job.missing >= missing_max) break;
            cancel(allocation);
            return;
    }
    if (job.missing < missing_max) return;
    // Said again at each look, until the order to end it: agents that still speak outweigh it.
    report(AllocationEnded{.allocation = allocation, .reason = std::string(reason_forgotten)});
    if (job.unwanted) jobs.erase(allocation);
}

void SlurmBackend::Content::end_those_that_left() {
    for (auto each = jobs.begin(); each != jobs.end();) {
        if (each->second.phase == JobPhase::leaving && now.boot >= each->second.over_boot) {
            report(AllocationEnded{.allocation = each->first, .reason = "ended on request"});
            each = jobs.erase(each);
        } else {
            ++each;
        }
    }
}

}  // namespace xorch
