#include "slurm/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "slurm/command.h"
#include "slurm/fields.h"

namespace xorch {

namespace {

// Id, state, start, end, time left, nodes, batch host, name, reason: what a person may have written
// stands last, where a separator inside it does no harm.
constexpr std::string_view format = "%i|%T|%S|%e|%L|%N|%B|%j|%r";
constexpr std::size_t field_count = 9;
// Far more than a sweep's lanes have; one command line must hold them.
constexpr std::size_t asked_max = 1000;

// squeue's words for "nothing yet".
std::string host_or_empty(std::string_view text) {
    text = trim_field(text);
    return text == "n/a" || text == "(null)" || text == "N/A" ? "" : std::string(text);
}

std::optional<QueuedJob> parse_row(std::string_view line) {
    const auto fields = split_fields(line, '|', field_count);
    if (fields.size() != field_count) return std::nullopt;
    const auto job = parse_job_id(fields[0]);
    if (!job) return std::nullopt;
    return QueuedJob{
        .job = *job,
        .state = parse_job_state(fields[1]),
        .state_word = std::string(first_line(fields[1])),
        .start = parse_time_stamp(fields[2]),
        .end = parse_time_stamp(fields[3]),
        .time_left = parse_time_limit(fields[4]),
        .nodes = host_or_empty(fields[5]),
        .batch_host = host_or_empty(fields[6]),
        .name = std::string(trim_field(fields[7])),
        .reason = std::string(first_line(fields[8])),
    };
}

}  // namespace

bool needs_a_person(std::string_view reason) {
    constexpr std::array reasons{
        "AccountNotAllowed",
        "BadConstraints",
        "DependencyNeverSatisfied",
        "InvalidAccount",
        "InvalidQOS",
        "JobHeldAdmin",
        "JobHeldUser",
        "JobHoldMaxRequeue",
        "PartitionNodeLimit",
        "PartitionTimeLimit",
        "QOSNotAllowed"};
    return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

Result<std::vector<std::string>> squeue_argv(const QueueQuery& query) {
    if (query.jobs.empty() && query.names.empty() && query.user.empty()) {
        return fail(ErrorCode::invalid_input, "squeue is asked for everybody's jobs");
    }
    if (query.jobs.size() > asked_max || query.names.size() > asked_max) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format("squeue is asked for more than {} jobs at once", asked_max)
        );
    }
    // All states, since a job that just ended tells how for some minutes.
    std::vector<std::string> argv{
        "squeue", "--noheader", "--states=all", fmt::format("--format={}", format)};
    if (!query.jobs.empty()) {
        std::vector<std::uint32_t> numbers;
        for (const SlurmJobId job : query.jobs)
            numbers.push_back(job.value);
        argv.push_back(fmt::format("--jobs={}", fmt::join(numbers, ",")));
    }
    for (const std::string& name : query.names) {
        if (is_plain_word(name)) continue;
        return fail(
            ErrorCode::invalid_input,
            fmt::format("\"{}\" is no name of a job of ours", first_line(name))
        );
    }
    if (!query.names.empty()) {
        argv.push_back(fmt::format("--name={}", fmt::join(query.names, ",")));
    }
    if (!query.user.empty()) {
        if (!is_plain_word(query.user)) {
            return fail(
                ErrorCode::invalid_input,
                fmt::format("\"{}\" is no name of a user", first_line(query.user))
            );
        }
        argv.push_back("--user=" + query.user);
    }
    return argv;
}

Result<std::vector<QueuedJob>> parse_squeue(const ProgramRun& run) {
    if (run.exit_code != 0 && mentions_word(run.error_output, "invalid job id specified")) {
        return std::vector<QueuedJob>{};
    }
    const auto output = output_of(run, "squeue");
    if (!output) return tl::unexpected(output.error());
    std::vector<QueuedJob> jobs;
    for (const std::string_view line : split_lines(*output)) {
        auto job = parse_row(line);
        if (!job) {
            return fail(
                ErrorCode::unavailable,
                fmt::format("squeue printed what is no row of its table: {}", first_line(line))
            );
        }
        jobs.push_back(std::move(*job));
    }
    return jobs;
}

}  // namespace xorch
