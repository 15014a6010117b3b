#pragma once

// What sbatch is given, and what it answers. All values are checked again here, whoever read them
// before, and stand behind `--option=` in an argument of their own; no shell reads them. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/run_program.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/job_id.h"

namespace xorch {

struct Submission {
    SlurmOptions options;
    std::string job_name;                     // "xorch-<token>"
    std::string directory;                    // of the sweep, absolute
    std::string output;                       // file pattern in a folder that exists
    std::vector<SlurmJobId> after;            // starts when all of these have ended, however
    bool singleton = false;                   // ... and when no other job of its name runs
    std::vector<std::string> excluded_nodes;  // beside those that the options exclude
    bool test_only = false;                   // nothing is submitted; see read_test_only
};

// The script (job_script.h) goes to its stdin. invalid_input for a value that could be read as
// something else.
Result<std::vector<std::string>> sbatch_argv(const Submission& submission);

enum class SubmissionOutcome {
    accepted,
    waiting,      // refused for now: a limit, a partition that is down; back off and try again
    wrong,        // refused for good: a person must change the request
    unreachable,  // nobody knows whether the job exists: ask squeue for its name
};

// When and where Slurm thinks that a job would start.
struct ExpectedStart {
    std::optional<Millis> start;  // unix time
    std::string nodes;
    std::string partition;

    friend bool operator==(const ExpectedStart&, const ExpectedStart&) = default;
};

struct SubmissionAnswer {
    SubmissionOutcome outcome = SubmissionOutcome::unreachable;
    SlurmJobId job;                         // if accepted, and not only tested
    std::optional<ExpectedStart> expected;  // if accepted, only tested, and Slurm said it
    std::string message;                    // for people, unless accepted
};

// What `--parsable` printed: "123" or "123;cluster". A refusal whose words are unknown counts as
// waiting if the controller gave it, since a sweep that waits with a message can still be helped.
// An error of run_program (a time-out above all) is unreachable, unless there is no sbatch.
SubmissionAnswer read_sbatch(const Result<ProgramRun>& run);

// The same for `--test-only`.
SubmissionAnswer read_test_only(const Result<ProgramRun>& run);

}  // namespace xorch
