#include "slurm/slurm_backend.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/hash.h"
#include "core/io/clock.h"
#include "core/io/errands.h"
#include "core/io/posix_disk.h"
#include "slurm/command.h"
#include "slurm/fields.h"
#include "slurm/job_id.h"
#include "slurm/job_script.h"
#include "slurm/queue_file.h"
#include "slurm/submission.h"

namespace xorch {
namespace {

constexpr Millis never{std::numeric_limits<std::int64_t>::max()};

// squeue is asked less and less often while it does not answer.
constexpr Millis longest_silence{300'000};

// So many successful answers in a row do not name a job: then it is given up. One is not enough:
// squeue may answer from before the submission, or forget.
constexpr unsigned missing_max = 3;

// A submission that nobody can tell the outcome of is repeated when the queue did not name it so
// often: what was under way when the question was asked has arrived by the second.
constexpr unsigned missing_before_submitting = 2;

enum class JobPhase {
    looking,  // whether it exists is not known
    submitting,
    submitted,
    cancelling,
    leaving,  // told to end; counts as ended soon
};

struct Job {
    StartAllocation order;
    JobPhase phase = JobPhase::looking;
    SlurmJobId id;
    bool ordered = false;   // by this epoch: what to submit is known
    bool unwanted = false;  // to be cancelled as soon as its number is known
    bool told = true;       // that it is there, to the epoch that asks
    unsigned missing = 0;
    Millis over_boot = never;
};

std::string reason_of(const SlurmJobState& state, const std::string& word) {
    return state.end ? std::string(word_for(*state.end)) : word;
}

// scancel fails for a job that is over, in one of these ways.
bool says_that_it_is_over(const ProgramRun& scancel) {
    return mentions_word(scancel.error_output, "invalid job id specified") ||
           mentions_word(scancel.error_output, "already completing or completed");
}

}  // namespace

struct SlurmBackend::Content {
    SlurmBackendSettings settings;
    std::optional<Errands> errands;
    std::map<AllocationId, Job> jobs;
    std::vector<AllocationEvent> events;  // for the next poll()
    bool asking = false;                  // a question to squeue is under way
    Millis next_question{0};
    Millis patience{0};  // between questions; grows while squeue does not answer
    Now now;

    void report(decltype(AllocationEvent::what) what) { events.push_back({std::move(what)}); }

    void log(const std::string& line) const {
        if (settings.log) settings.log(line);
    }

    SlurmCommand command_of(std::vector<std::string> argv, std::string_view input = {}) const {
        return {.argv = std::move(argv), .input = input, .time = settings.command_time};
    }

    // On the errand's thread. Whoever finds no answer or an old one asks by himself.
    void keep(const std::vector<QueuedJob>& rows) const {
        if (settings.queue_file.empty()) return;
        PosixDisk disk;
        const QueueAnswer answer{.at_unix = read_clocks().unix, .jobs = rows};
        const auto text = format_queue_answer(answer);
        [[maybe_unused]] const auto kept = write_file_atomically(disk, settings.queue_file, text);
    }

    std::string name_of(const Job& job) const {
        return slurm_job_name(settings.directory, job.order.token);
    }

    void submit(AllocationId allocation);
    void on_submitted(AllocationId allocation, const SubmissionAnswer& answer);
    void cancel(AllocationId allocation);
    void on_cancelled(AllocationId allocation, const Result<ProgramRun>& run);
    void ask_queue();
    void on_queue(const Result<std::vector<QueuedJob>>& answer);
    bool on_row(AllocationId allocation, Job& job, const QueuedJob& row);
    void on_missing(AllocationId allocation, Job& job);
    void end_those_that_left();
};

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

SlurmBackend::SlurmBackend(std::unique_ptr<Content> content) : content_(std::move(content)) {}

SlurmBackend::~SlurmBackend() {
    // What it still says is for nobody.
    content_->errands.reset();
}

Result<std::unique_ptr<SlurmBackend>> SlurmBackend::make(SlurmBackendSettings settings) {
    auto content = std::make_unique<Content>();
    content->settings = std::move(settings);
    content->patience = content->settings.poll_every;
    auto errands = Errands::start();
    if (!errands) return tl::unexpected(errands.error());
    content->errands.emplace(std::move(*errands));
    return std::unique_ptr<SlurmBackend>(new SlurmBackend(std::move(content)));
}

void SlurmBackend::take_over(Now now, std::span<const AllocationState> left) {
    Content& self = *content_;
    self.now = now;
    self.events.clear();
    for (const AllocationState& state : left) {
        if (state.ended) continue;
        if (const auto known = self.jobs.find(state.allocation); known != self.jobs.end()) {
            known->second.told = false;
            continue;
        }
        Job job;
        job.told = false;
        job.order = {.allocation = state.allocation, .token = state.token};
        if (const auto id = parse_job_id(state.job); state.submitted && id) {
            job.id = *id;
            job.phase = JobPhase::submitted;
        }
        self.jobs.emplace(state.allocation, std::move(job));
    }
}

void SlurmBackend::carry_out(Now now, const StartAllocation& order) {
    Content& self = *content_;
    self.now = now;
    const auto known = self.jobs.find(order.allocation);
    if (known != self.jobs.end()) {
        // An intent of an earlier epoch: the queue is asked first. Now we know what to submit if it
        // is not there.
        Job& job = known->second;
        job.order = order;
        job.ordered = true;
        if (job.id.value != 0) {
            // It was said to an epoch of this process that could not write it down.
            self.report(AllocationSubmitted{
                .allocation = order.allocation, .job = std::to_string(job.id.value)});
        }
        return;
    }
    self.jobs.emplace(order.allocation, Job{.order = order, .ordered = true});
    self.submit(order.allocation);
}

void SlurmBackend::carry_out(Now now, const EndAllocation& order) {
    Content& self = *content_;
    self.now = now;
    const auto found = self.jobs.find(order.allocation);
    if (found == self.jobs.end()) return;
    Job& job = found->second;
    if (job.unwanted || job.phase == JobPhase::leaving) return;
    if (order.started) {
        job.phase = JobPhase::leaving;
        job.over_boot = now.boot + self.settings.agents_leave;
        return;
    }
    job.unwanted = true;
    if (job.phase == JobPhase::submitted) self.cancel(order.allocation);
}

std::vector<AllocationEvent> SlurmBackend::poll(Now now) {
    Content& self = *content_;
    self.now = now;
    self.errands->collect();
    self.end_those_that_left();
    if (!self.asking && !self.jobs.empty() && now.boot >= self.next_question) self.ask_queue();
    return std::exchange(self.events, {});
}

int SlurmBackend::descriptor() const {
    return content_->errands->descriptor();
}

Millis SlurmBackend::next_poll() const {
    const Content& self = *content_;
    if (!self.events.empty()) return Millis{0};
    Millis next = self.asking || self.jobs.empty() ? never : self.next_question;
    for (const auto& [allocation, job] : self.jobs)
        next = std::min(next, job.over_boot);
    return next;
}

std::string slurm_job_name(std::string_view sweep_directory, std::string_view token) {
    constexpr std::size_t digits = 10;
    return fmt::format("xorch-{}-{}", hash_text(sweep_directory).substr(0, digits), token);
}

std::string token_of_job_name(std::string_view sweep_directory, std::string_view name) {
    const std::string prefix = slurm_job_name(sweep_directory, "");
    if (!name.starts_with(prefix)) return {};
    return std::string(name.substr(prefix.size()));
}

}  // namespace xorch
