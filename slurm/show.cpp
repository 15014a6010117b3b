#include "slurm/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "slurm/fields.h"
#include "slurm/site_facts.h"

namespace xorch {

namespace {

constexpr std::string_view sacct_format = "JobID,State,ExitCode,Start,End,NodeList";
constexpr std::size_t sacct_fields = 6;

// Their values are free text up to the end of the line.
bool holds_free_text(std::string_view key) {
    constexpr std::string_view keys[] = {
        "JobName",
        "Comment",
        "AdminComment",
        "SystemComment",
        "Command",
        "WorkDir",
        "StdErr",
        "StdIn",
        "StdOut",
        "Reason",
        "OS",
        "Extra"};
    return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

void read_line(std::string_view line, ShownRecord& record) {
    line = trim_field(line);
    while (!line.empty()) {
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        const std::size_t equals = line.find('=');
        if (equals < end) {
            const std::string_view key = line.substr(0, equals);
            const bool whole_line = holds_free_text(key);
            const std::string_view value =
                whole_line ? line.substr(equals + 1) : line.substr(equals + 1, end - equals - 1);
            record.values.emplace(key, value == "(null)" ? "" : value);
            if (whole_line) return;
        }
        line = trim_field(line.substr(end));
    }
}

std::uint32_t count_or_zero(std::string_view text) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(parse_count(text).value_or(0), most));
}

std::optional<AccountedJob> parse_account(std::string_view line) {
    const auto fields = split_fields(line, '|', sacct_fields);
    if (fields.size() != sacct_fields) return std::nullopt;
    const auto job = parse_job_id(fields[0]);
    if (!job) return std::nullopt;
    AccountedJob accounted{
        .job = *job,
        .state = parse_job_state(fields[1]),
        .start = parse_time_stamp(fields[3]),
        .end = parse_time_stamp(fields[4]),
        .nodes = std::string(first_line(fields[5])),
    };
    // "exit code:signal"
    const auto ends = split_fields(fields[2], ':', 2);
    accounted.exit_code = static_cast<int>(count_or_zero(ends.front()) & 0xFFU);
    accounted.signal = ends.size() > 1 ? static_cast<int>(count_or_zero(ends[1]) & 0x7FU) : 0;
    return accounted;
}

}  // namespace

std::string_view ShownRecord::value(std::string_view key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<ShownRecord> parse_shown(std::string_view output) {
    std::vector<ShownRecord> records;
    bool inside = false;
    for (const std::string_view line : split_fields(output, '\n')) {
        if (trim_field(line).empty()) {
            inside = false;
            continue;
        }
        if (!inside) records.emplace_back();
        inside = true;
        read_line(line, records.back());
    }
    return records;
}

std::vector<std::string> show_job_argv(SlurmJobId job) {
    return {"scontrol", "show", "job", fmt::format("{}", job.value)};
}

Result<std::vector<std::string>> show_node_argv(std::string_view node) {
    if (!is_plain_word(node)) {
        return fail(
            ErrorCode::invalid_input, fmt::format("\"{}\" is no name of a node", first_line(node))
        );
    }
    return std::vector<std::string>{"scontrol", "show", "node", std::string(node)};
}

std::vector<std::string> sacct_argv(const std::vector<SlurmJobId>& jobs) {
    std::vector<std::uint32_t> numbers;
    for (const SlurmJobId job : jobs)
        numbers.push_back(job.value);
    return {
        "sacct",
        "--parsable2",
        "--noheader",
        "--allocations",
        fmt::format("--format={}", sacct_format),
        fmt::format("--jobs={}", fmt::join(numbers, ","))};
}

Result<ShownJob> parse_shown_job(std::string_view output) {
    for (const ShownRecord& record : parse_shown(output)) {
        const auto job = parse_job_id(record.value("JobId"));
        if (!job) continue;
        ShownJob shown{
            .job = *job,
            .state = parse_job_state(record.value("JobState")),
            .time_limit = parse_time_limit(record.value("TimeLimit")),
            .start = parse_time_stamp(record.value("StartTime")),
            .end = parse_time_stamp(record.value("EndTime")),
            .nodes = std::string(record.value("NodeList")),
            .batch_host = std::string(record.value("BatchHost")),
        };
        if (const auto requeue = parse_count(record.value("Requeue")))
            shown.requeues = *requeue > 0;
        const std::string_view restarts = record.value("Restarts");
        if (parse_count(restarts)) shown.restarts = count_or_zero(restarts);
        return shown;
    }
    return fail(
        ErrorCode::unavailable, fmt::format("scontrol shows no job: {}", first_line(output))
    );
}

Result<ShownNode> parse_shown_node(std::string_view output) {
    for (const ShownRecord& record : parse_shown(output)) {
        if (record.value("NodeName").empty()) continue;
        return ShownNode{
            .name = std::string(record.value("NodeName")),
            .state_word = std::string(record.value("State")),
            .reason = std::string(first_line(record.value("Reason"))),
            .cpus = count_or_zero(record.value("CPUTot")),
            .gpus = count_gpus(record.value("Gres")),
            .memory = Bytes{std::uint64_t{count_or_zero(record.value("RealMemory"))} << 20U},
        };
    }
    return fail(
        ErrorCode::unavailable, fmt::format("scontrol shows no node: {}", first_line(output))
    );
}

Result<std::vector<AccountedJob>> parse_sacct(std::string_view output) {
    std::vector<AccountedJob> jobs;
    for (const std::string_view line : split_lines(output)) {
        const std::string_view id = line.substr(0, line.find('|'));
        if (id.size() < line.size() && id.find('.') != std::string_view::npos) continue;  // a step
        auto job = parse_account(line);
        if (!job) {
            return fail(
                ErrorCode::unavailable,
                fmt::format("sacct printed what is no row of its table: {}", first_line(line))
            );
        }
        jobs.push_back(std::move(*job));
    }
    return jobs;
}

}  // namespace xorch
