#pragma once

// Slurm as a backend: an allocation is a batch job that runs the relay (job_script.h). Every
// command runs on a thread of its own; the queue is asked at most once per `poll_every`, about all
// jobs in one question. A job is found again by its name, so one that was submitted by an epoch
// that died before it could write down its number is not submitted twice. Loop thread only.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend.h"
#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/queue.h"

namespace xorch {

struct SlurmBackendSettings {
    std::string directory;  // of the sweep, absolute: jobs start there
    SlurmOptions options;
    std::vector<std::string> environment;  // of the commands; see slurm_environment()
    Millis poll_every{60'000};
    Millis command_time{75'000};  // then a command counts as unanswered
    // A running allocation that was told to end counts as ended after this long: its agents have
    // said goodbye, and its relay ends the job.
    Millis agents_leave{5'000};
    std::function<void(std::string_view)> log;  // one line for people; may be empty
    std::string queue_file;  // gets each answer of the queue (queue_file.h); empty = none
};

class SlurmBackend final : public Backend {
 public:
    static Result<std::unique_ptr<SlurmBackend>> make(SlurmBackendSettings settings);
    ~SlurmBackend() override;

    void take_over(Now now, std::span<const AllocationState> left) override;
    void carry_out(Now now, const StartAllocation& order) override;
    void carry_out(Now now, const EndAllocation& order) override;
    std::vector<AllocationEvent> poll(Now now) override;
    int descriptor() const override;
    Millis next_poll() const override;

 private:
    struct Content;
    explicit SlurmBackend(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

// Names of jobs tell whose they are: the sweep by a hash of its directory, the allocation by its
// token.
std::string slurm_job_name(std::string_view sweep_directory, std::string_view token);

// The token in the name of a job of this sweep; empty if it is none.
std::string token_of_job_name(std::string_view sweep_directory, std::string_view name);

}  // namespace xorch
