#pragma once

// What `scontrol show` and `sacct` say about single jobs and nodes: a second opinion where squeue
// does not answer, and optional facts. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/job_id.h"
#include "slurm/job_state.h"
#include "slurm/time_text.h"

namespace xorch {

// One block of "Key=Value" pairs as `scontrol show` prints it. A key that could stand inside free
// text (a job's name, a comment, a reason) counts only where Slurm itself writes it.
struct ShownRecord {
    std::map<std::string, std::string, std::less<>> values;

    // "" if there is none.
    std::string_view value(std::string_view key) const;
};

std::vector<ShownRecord> parse_shown(std::string_view output);

struct ShownJob {
    SlurmJobId job;
    SlurmJobState state;
    std::optional<bool> requeues;
    std::optional<std::uint32_t> restarts;
    std::optional<TimeLimit> time_limit;
    std::optional<Millis> start;  // unix time
    std::optional<Millis> end;    // unix time; a projection while it runs
    std::string nodes;
    std::string batch_host;

    friend bool operator==(const ShownJob&, const ShownJob&) = default;
};

struct ShownNode {
    std::string name;
    std::string state_word;  // "IDLE", "DOWN*+DRAIN"
    std::string reason;      // for people
    std::uint32_t cpus = 0;
    std::uint32_t gpus = 0;
    Bytes memory{0};

    friend bool operator==(const ShownNode&, const ShownNode&) = default;
};

struct AccountedJob {
    SlurmJobId job;
    SlurmJobState state;
    int exit_code = 0;
    int signal = 0;
    std::optional<Millis> start;  // unix time
    std::optional<Millis> end;    // unix time
    std::string nodes;

    friend bool operator==(const AccountedJob&, const AccountedJob&) = default;
};

std::vector<std::string> show_job_argv(SlurmJobId job);

// invalid_input unless it can be the name of a node.
Result<std::vector<std::string>> show_node_argv(std::string_view node);
std::vector<std::string> sacct_argv(const std::vector<SlurmJobId>& jobs);

// unavailable if the text shows no such thing.
Result<ShownJob> parse_shown_job(std::string_view output);
Result<ShownNode> parse_shown_node(std::string_view output);

// unavailable for a row that is none. Steps are left out; so is a job that sacct does not know.
Result<std::vector<AccountedJob>> parse_sacct(std::string_view output);

}  // namespace xorch
