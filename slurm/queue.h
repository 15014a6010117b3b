#pragma once

// One question to squeue per poll, about all jobs of a sweep. A job that a successful answer does
// not name is just not in it: squeue forgets a job some minutes after its end, so nobody may
// conclude that it failed or is complete. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/run_program.h"
#include "core/time.h"
#include "slurm/job_id.h"
#include "slurm/job_state.h"
#include "slurm/time_text.h"

namespace xorch {

// Whether a waiting job with this reason stays in the queue until a person changes something. Where
// a site does not check limits at submission, a request that can never be met is queued with such a
// reason.
bool needs_a_person(std::string_view reason);

// Which jobs; what is set must all hold. `names` is the safe choice: squeue answers an unknown name
// with nothing, and an unknown id with an error.
struct QueueQuery {
    std::vector<SlurmJobId> jobs;
    std::vector<std::string> names;
    std::string user;  // name or number; empty = everybody's
};

struct QueuedJob {
    SlurmJobId job;
    SlurmJobState state;
    std::string state_word;       // as Slurm wrote it
    std::optional<Millis> start;  // unix time; of a waiting job the expected one
    std::optional<Millis> end;    // unix time
    std::optional<TimeLimit> time_left;
    std::string nodes;       // see expand_host_list; empty while it waits
    std::string batch_host;  // empty while it waits
    std::string name;
    std::string reason;  // free text, for people; "None" if it does not wait

    friend bool operator==(const QueuedJob&, const QueuedJob&) = default;
};

// invalid_input for a query that asks for everything, or names something that could be read
// otherwise.
Result<std::vector<std::string>> squeue_argv(const QueueQuery& query);

// unavailable if squeue failed or printed something else than rows: then nothing is known. A single
// id that squeue has forgotten is an empty answer.
Result<std::vector<QueuedJob>> parse_squeue(const ProgramRun& run);

}  // namespace xorch
