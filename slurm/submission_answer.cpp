// What sbatch answers: the id of a job, or a refusal, told apart by its words, since every refusal
// has the same exit code.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "slurm/fields.h"
#include "slurm/submission.h"
#include "slurm/time_text.h"

namespace xorch {

namespace {

struct Refusal {
    std::string_view words;  // in lower case
    SubmissionOutcome outcome;
};

constexpr auto waiting = SubmissionOutcome::waiting;
constexpr auto wrong = SubmissionOutcome::wrong;
constexpr auto unreachable = SubmissionOutcome::unreachable;

// The first that is found decides. Sentences of Slurm 20 to 24; one of them covers a user's limits
// and a request above them, and is taken for the former.
constexpr std::array refusals{
    Refusal{"unable to contact slurm controller",            unreachable},
    Refusal{"unable to establish controller",                unreachable},
    Refusal{"not responding",                                unreachable},
    Refusal{"timed out",                                     unreachable},
    Refusal{"zero bytes were transmitted",                   unreachable},
    Refusal{"connection refused",                            unreachable},
    Refusal{"controller in standby",                         unreachable},
    Refusal{"authentication",                                unreachable},
    Refusal{"munge",                                         unreachable},
    Refusal{"violates accounting/qos policy",                waiting    },
    Refusal{"job queue full",                                waiting    },
    Refusal{"temporarily unable to accept",                  waiting    },
    Refusal{"temporarily disabled",                          waiting    },
    Refusal{"required partition not available",              waiting    },
    Refusal{"partition configuration not available now",     waiting    },
    Refusal{"partition in down state",                       waiting    },
    Refusal{"required node not available",                   waiting    },
    Refusal{"nodes are busy",                                waiting    },
    Refusal{"reservation not usable now",                    waiting    },
    Refusal{"reservation is in use",                         waiting    },
    Refusal{"maintenance",                                   waiting    },
    Refusal{"submitjob",                                     waiting    },
    Refusal{"no partition specified",                        wrong      },
    Refusal{"requested node configuration is not available", wrong      },
    Refusal{"time limit specification required",             wrong      },
    Refusal{"more processors requested than permitted",      wrong      },
    Refusal{"memory required by task is not available",      wrong      },
    Refusal{"memory specification can not be satisfied",     wrong      },
    Refusal{"nodes not in this partition",                   wrong      },
    Refusal{"access denied",                                 wrong      },
    Refusal{"permission denied",                             wrong      },
    Refusal{"not permitted to use",                          wrong      },
    Refusal{"dependency problem",                            wrong      },
    Refusal{"unrecognized option",                           wrong      },
    Refusal{"ambiguous",                                     wrong      },
    Refusal{"invalid",                                       wrong      },
};

// "sbatch: error: a; Batch job submission failed: b" out of its lines, without the command's name.
std::string message_of(std::string_view error_output) {
    constexpr std::size_t lines_max = 4;
    std::vector<std::string_view> texts;
    for (std::string_view line : split_lines(error_output)) {
        for (const std::string_view prefix : {"sbatch: ", "error: ", "fatal: "}) {
            if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
        }
        if (texts.size() < lines_max) texts.push_back(first_line(line));
    }
    if (texts.empty()) return "sbatch failed without a word";
    return fmt::format("{}", fmt::join(texts, "; "));
}

SubmissionAnswer refused(const ProgramRun& run) {
    SubmissionAnswer answer{.message = message_of(run.error_output)};
    for (const Refusal& refusal : refusals) {
        if (!mentions_word(run.error_output, refusal.words)) continue;
        answer.outcome = refusal.outcome;
        return answer;
    }
    const bool from_controller = mentions_word(run.error_output, "submission failed") ||
                                 mentions_word(run.error_output, "allocation failure");
    answer.outcome = from_controller ? waiting : unreachable;
    return answer;
}

SubmissionAnswer did_not_run(const Error& error) {
    const bool missing = error.code == ErrorCode::not_found;
    return {.outcome = missing ? wrong : unreachable, .message = error.message};
}

// Nothing unless the output is one line with one id.
std::optional<SlurmJobId> parse_parsable(std::string_view output) {
    const auto lines = split_lines(output);
    if (lines.size() != 1) return std::nullopt;
    const std::string_view id = split_fields(lines.front(), ';', 2).front();
    if (!parse_count(id)) return std::nullopt;
    return parse_job_id(id);
}

// The word after `before`.
std::string_view word_after(std::string_view text, std::string_view before) {
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + before.size());
    return rest.substr(0, rest.find_first_of(" \t"));
}

// "sbatch: Job 12 to start at TIME using 1 processors on nodes n1 in partition main"
std::optional<ExpectedStart> parse_expected(std::string_view error_output) {
    constexpr std::string_view marker = " to start at ";
    for (const std::string_view line : split_lines(error_output)) {
        if (line.find(marker) == std::string_view::npos) continue;
        std::string_view nodes = word_after(line, " processors on nodes ");
        if (nodes.empty()) nodes = word_after(line, " processors on ");  // before 20.11
        return ExpectedStart{
            .start = parse_time_stamp(word_after(line, marker)),
            .nodes = std::string(first_line(nodes)),
            .partition = std::string(first_line(word_after(line, " in partition "))),
        };
    }
    return std::nullopt;
}

}  // namespace

SubmissionAnswer read_sbatch(const Result<ProgramRun>& run) {
    if (!run) return did_not_run(run.error());
    const auto job = parse_parsable(run->output);
    if (run->exit_code == 0 && job) return {.outcome = SubmissionOutcome::accepted, .job = *job};
    // Output beside a failure, or success without an id: the job may exist.
    if (run->exit_code == 0 || !trim_field(run->output).empty()) {
        return {
            .outcome = unreachable,
            .message = fmt::format("sbatch printed no id of a job: {}", first_line(run->output))};
    }
    return refused(*run);
}

SubmissionAnswer read_test_only(const Result<ProgramRun>& run) {
    if (!run) return did_not_run(run.error());
    if (run->exit_code != 0) return refused(*run);
    return {.outcome = SubmissionOutcome::accepted, .expected = parse_expected(run->error_output)};
}

}  // namespace xorch
