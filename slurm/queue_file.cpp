#include "slurm/queue_file.h"

#include <fmt/format.h>

#include "core/json.h"

namespace xorch {
namespace {

Value time_of(const std::optional<Millis>& time) {
    return time ? Value(std::int64_t{time->count()}) : Value();
}

// A member of an object, or the empty value of its type.
template <class Kind>
Kind member(const Value& object, std::string_view name) {
    const Value* found = object.find(name);
    const auto* value = found == nullptr ? nullptr : found->get_if<Kind>();
    return value == nullptr ? Kind{} : *value;
}

std::optional<Millis> time_member(const Value& object, std::string_view name) {
    const auto count = member<std::int64_t>(object, name);
    return count <= 0 ? std::nullopt : std::optional(Millis{count});
}

QueuedJob read_job(const Value& value) {
    QueuedJob job;
    job.job.value = static_cast<std::uint32_t>(member<std::int64_t>(value, "job"));
    job.name = member<std::string>(value, "name");
    job.state_word = member<std::string>(value, "state");
    job.state = parse_job_state(job.state_word);
    job.reason = member<std::string>(value, "reason");
    job.nodes = member<std::string>(value, "nodes");
    job.start = time_member(value, "start_unix_ms");
    job.end = time_member(value, "end_unix_ms");
    return job;
}

std::string minutes(Millis time) {
    return fmt::format("{} min", (time.count() + 59'999) / 60'000);
}

std::string describe(const QueuedJob& job, Millis now_unix) {
    std::string line = fmt::format("  job {}  {}", job.job.value, job.state_word);
    if (job.state.phase == SlurmPhase::waiting) {
        line += "  " + job.reason;
        if (job.start && *job.start > now_unix) {
            line += fmt::format(", expected to start in {}", minutes(*job.start - now_unix));
        }
        return line;
    }
    if (!job.nodes.empty()) line += "  on " + job.nodes;
    if (job.end && *job.end > now_unix)
        line += fmt::format(", ends in {}", minutes(*job.end - now_unix));
    return line;
}

}  // namespace

Object queue_object(const QueueAnswer& answer) {
    Array jobs;
    for (const QueuedJob& job : answer.jobs) {
        jobs.emplace_back(Object{
            {"job",           static_cast<std::int64_t>(job.job.value)},
            {"name",          job.name                                },
            {"state",         job.state_word                          },
            {"reason",        job.reason                              },
            {"nodes",         job.nodes                               },
            {"start_unix_ms", time_of(job.start)                      },
            {"end_unix_ms",   time_of(job.end)                        }
        });
    }
    return {
        {"at_unix_ms", std::int64_t{answer.at_unix.count()}},
        {"jobs",       std::move(jobs)                     }
    };
}

std::string format_queue_answer(const QueueAnswer& answer) {
    return format_json_pretty(queue_object(answer)) + "\n";
}

Result<QueueAnswer> parse_queue_answer(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return fail_with_context(value.error(), "reading the queue's last answer");
    const Value* jobs = value->find("jobs");
    const auto* list = jobs == nullptr ? nullptr : jobs->get_if<Array>();
    if (list == nullptr)
        return fail(ErrorCode::invalid_input, "the queue's last answer is not ours");
    QueueAnswer answer{.at_unix = Millis{member<std::int64_t>(*value, "at_unix_ms")}, .jobs = {}};
    for (const Value& job : *list)
        answer.jobs.push_back(read_job(job));
    return answer;
}

std::vector<std::string> describe_jobs(const QueueAnswer& answer, Millis now_unix) {
    std::vector<std::string> lines;
    for (const QueuedJob& job : answer.jobs) {
        if (job.state.phase != SlurmPhase::ended) lines.push_back(describe(job, now_unix));
    }
    return lines;
}

}  // namespace xorch
