#pragma once

// What a SlurmBackend knows of its jobs. Internal to slurm/backend/ and slurm_backend.cpp (the
// public face): commands.cpp gives orders to Slurm and hears what became of them, queue_news.cpp
// compares what the queue says with what is known. Loop thread only, but for keep().

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/clock.h"
#include "core/io/errands.h"
#include "core/io/posix_disk.h"
#include "slurm/command.h"
#include "slurm/job_id.h"
#include "slurm/queue_file.h"
#include "slurm/slurm_backend.h"
#include "slurm/submission.h"

namespace xorch {

struct SlurmBackend::Content {
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
        Millis over_boot{std::numeric_limits<std::int64_t>::max()};
    };

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

}  // namespace xorch
