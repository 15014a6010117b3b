#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <set>

#include "coordinator/report/attempts.h"
#include "coordinator/report/failures.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/text.h"
#include "coordinator/report/unit_finder.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "core/output_pack.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/read/slurm_jobs.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

// Output of more units than this at once helps nobody; --failed shows the newest of them.
constexpr std::size_t units_shown = 20;

constexpr int follow_every_ms = 500;

struct LogsOptions {
    std::string sweep;
    std::vector<std::string> words;
    std::size_t head = 0;
    std::size_t tail = 0;
    bool failed = false;
    bool follow = false;
    bool all_attempts = false;
    bool json = false;
};

std::string first_lines(const std::string& text, std::size_t lines) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < lines && end < text.size(); ++i) {
        const std::size_t newline = text.find('\n', end);
        end = newline == std::string::npos ? text.size() : newline + 1;
    }
    return text.substr(0, end);
}

std::string ending_lines(const std::string& text, std::size_t lines) {
    const std::vector<std::string> kept = tail_lines(text, lines);
    return kept.empty() ? "" : fmt::format("{}\n", fmt::join(kept, "\n"));
}

std::string wanted_part(const LogsOptions& options, std::string output) {
    if (options.head > 0) output = first_lines(output, options.head);
    if (options.tail > 0) output = ending_lines(output, options.tail);
    return output;
}

// A pipe gets what the unit wrote; a terminal must not be steered by it.
Result<void> print_output(const Context& context, const std::string& output) {
    if (!context.terminal.is_terminal) return print_bytes(output);
    std::string shown = escape_for_terminal(escape_output(output), Newlines::keep);
    if (!shown.empty() && shown.back() != '\n') shown += '\n';
    return print_bytes(shown);
}

// What one attempt wrote, with its title.
struct AttemptOutput {
    UnitName name;
    AttemptNumber attempt;
    std::string state;  // "done", "running", "crash: signal 11"
    std::string output;
};

std::string state_of(const EndedAttempt& attempt) {
    std::string state(attempt.end.cause == Cause::none ? "done" : cause_name(attempt.end.cause));
    const std::string detail = describe_end(attempt.end);
    return detail.empty() ? state : state + ": " + detail;
}

void print_title(const AttemptOutput& shown) {
    fmt::print(
        "== {}  {}  attempt {}  {}\n",
        escape_for_terminal(shown.name.place),
        escape_for_terminal(shown.name.values),
        shown.attempt.value,
        escape_for_terminal(shown.state)
    );
}

// The bytes of an ended attempt, or its last lines where the pack is gone.
std::string output_of(const SweepReader& sweep, const EndedAttempt& attempt) {
    const Bytes everything{attempt.end.output.length};
    const auto output = read_output(sweep.disk(), sweep.layout(), attempt.end.output, everything);
    if (output && !output->empty()) return *output;
    return attempt.end.tail;
}

std::vector<EndedAttempt> newest_per_unit(const std::vector<EndedAttempt>& attempts) {
    std::map<UnitKey, EndedAttempt> newest;
    for (const EndedAttempt& attempt : attempts) {
        newest[attempt.unit] = attempt;
    }
    std::vector<EndedAttempt> kept;
    for (auto& [unit, attempt] : newest) {
        kept.push_back(std::move(attempt));
    }
    return kept;
}

Result<std::set<UnitKey>> choose_units(const SweepReader& sweep, const LogsOptions& options) {
    std::set<UnitKey> chosen;
    if (!options.words.empty()) {
        const auto units = find_units(sweep.plan(), options.words);
        if (!units) return tl::unexpected(units.error());
        chosen.insert(units->begin(), units->end());
    }
    if (!options.failed) return chosen;
    std::set<UnitKey> failed;
    for (const FailedUnit& unit : status_of(sweep).failed) {
        const bool wanted = options.words.empty() || chosen.contains(unit.unit.key);
        if (wanted && failed.size() < units_shown) failed.insert(unit.unit.key);
    }
    if (failed.empty())
        return fail(ErrorCode::not_found, "no unit failed; `xorch status` shows all");
    return failed;
}

std::vector<AttemptOutput> ended_outputs(
    const SweepReader& sweep, const std::vector<EndedAttempt>& attempts, const LogsOptions& options
) {
    std::vector<AttemptOutput> outputs;
    for (const EndedAttempt& attempt : attempts) {
        const bool superseded = sweep.state().unit(attempt.unit).attempt != attempt.attempt.value;
        if (superseded && !options.all_attempts) continue;
        outputs.push_back(
            {name_unit(sweep.plan(), attempt.unit),
             attempt.attempt,
             state_of(attempt),
             wanted_part(options, output_of(sweep, attempt))}
        );
    }
    return outputs;
}

// What attempts that run now wrote so far.
std::vector<AttemptOutput> live_outputs(
    const SweepReader& sweep, const std::set<UnitKey>& units, const LogsOptions& options
) {
    std::vector<AttemptOutput> outputs;
    for (const UnitKey key : units) {
        const UnitState& unit = sweep.state().unit(key);
        if (unit.phase != UnitPhase::assigned) continue;
        const AttemptNumber attempt{unit.attempt};
        const auto output =
            sweep.disk().read(sweep.layout().live_output(sweep.plan().id(key), attempt));
        outputs.push_back(
            {name_unit(sweep.plan(), key),
             attempt,
             output ? "running" : "running; its output is shown once there is more of it",
             wanted_part(options, output.value_or(""))}
        );
    }
    return outputs;
}

Result<void> print_as_json(const std::vector<AttemptOutput>& outputs) {
    Array list;
    for (const AttemptOutput& shown : outputs) {
        list.emplace_back(Object{
            {"unit",    shown.name.place                              },
            {"id",      shown.name.id                                 },
            {"values",  shown.name.values                             },
            {"attempt", static_cast<std::int64_t>(shown.attempt.value)},
            {"state",   escape_for_terminal(shown.state,                Newlines::keep)},
            {"output",         escape_output(shown.output)                                               }
        });
    }
    return print_bytes(format_json_pretty(list) + "\n");
}

Result<void> print_as_text(
    const Context& context, const std::vector<AttemptOutput>& outputs, const LogsOptions& options
) {
    for (const AttemptOutput& shown : outputs) {
        const bool silent = shown.output.empty() && shown.state.starts_with("running");
        if (outputs.size() > 1 || options.words.empty() || silent) print_title(shown);
        if (auto printed = print_output(context, shown.output); !printed) return printed;
    }
    return {};
}

Result<ExitCode> print_logs(const Context& context, const LogsOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto units = choose_units(*sweep, options);
    if (!units) return tl::unexpected(units.error());
    auto attempts = read_attempts(*sweep, *units, 1);
    if (!attempts) return tl::unexpected(attempts.error());
    if (!options.all_attempts) *attempts = newest_per_unit(*attempts);
    if (attempts->size() > units_shown) attempts->resize(units_shown);
    std::vector<AttemptOutput> outputs = ended_outputs(*sweep, *attempts, options);
    for (AttemptOutput& live : live_outputs(*sweep, *units, options))
        outputs.push_back(std::move(live));
    if (outputs.empty()) {
        return fail(
            ErrorCode::not_found,
            "nothing has run there yet; `xorch status` says what is waited for"
        );
    }
    const auto printed =
        options.json ? print_as_json(outputs) : print_as_text(context, outputs, options);
    if (!printed) return tl::unexpected(printed.error());
    return ExitCode::complete;
}

// Prints attempts as they end, and what one running unit writes, until the sweep has nobody to run
// it.
class Follower {
 public:
    Follower(const Context& context, const LogsOptions& options)
        : context_(context), options_(options) {}

    Result<ExitCode> follow() {
        while (true) {
            const auto sweep = open_named_sweep(disk_, context_, options_.sweep);
            if (!sweep) return tl::unexpected(sweep.error());
            const auto units = choose_units(*sweep, options_);
            if (!units) return tl::unexpected(units.error());
            if (auto printed = print_news(*sweep, *units); !printed) {
                return tl::unexpected(printed.error());
            }
            const Now now = read_clocks();
            auto status = read_status(disk_, sweep->layout(), now.unix);
            if (!status) return tl::unexpected(status.error());
            if (status->phase == SweepPhase::queued && now.boot >= next_question_) {
                look_at_slurm(disk_, sweep->layout(), *status, now.unix);
                next_question_ = now.boot + slurm_looked_at_every;
            }
            if (!goes_on_by_itself(status->phase) || all_final(*sweep, *units))
                return exit_code_of(*status);
            std::fflush(stdout);
            ::poll(nullptr, 0, follow_every_ms);
        }
    }

 private:
    Result<void> print_news(const SweepReader& sweep, const std::set<UnitKey>& units) {
        const auto attempts = read_attempts(sweep, units, units_shown);
        if (!attempts) return tl::unexpected(attempts.error());
        for (const EndedAttempt& attempt : *attempts) {
            std::size_t& printed = printed_[{attempt.unit, attempt.attempt}];
            if (printed == finished) continue;
            const std::string output = output_of(sweep, attempt);
            if (printed == 0) {
                print_title(
                    {name_unit(sweep.plan(), attempt.unit), attempt.attempt, state_of(attempt), ""}
                );
            }
            const std::string rest = output.substr(std::min(printed, output.size()));
            printed = finished;
            if (auto shown = print_output(context_, rest); !shown) return shown;
        }
        for (const UnitKey key : units) {
            const UnitState& unit = sweep.state().unit(key);
            if (unit.phase != UnitPhase::assigned) continue;
            const AttemptNumber attempt{unit.attempt};
            const auto output =
                disk_.read(sweep.layout().live_output(sweep.plan().id(key), attempt));
            std::size_t& printed = printed_[{key, attempt}];
            if (!output || printed == finished || output->size() <= printed) continue;
            const std::string rest = output->substr(printed);
            printed = output->size();
            if (auto shown = print_output(context_, rest); !shown) return shown;
        }
        return {};
    }

    static bool all_final(const SweepReader& sweep, const std::set<UnitKey>& units) {
        return !units.empty() && std::all_of(units.begin(), units.end(), [&](UnitKey unit) {
            return is_final(sweep.state().unit(unit).phase);
        });
    }

    static constexpr std::size_t finished = static_cast<std::size_t>(-1);

    PosixDisk disk_;
    Millis next_question_{0};
    const Context& context_;
    const LogsOptions& options_;
    std::map<std::pair<UnitKey, AttemptNumber>, std::size_t> printed_;  // bytes of each attempt
};

}  // namespace

void add_logs(CLI::App& app, Context& context) {
    auto& options = context.keep<LogsOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "logs",
         .group = VerbGroup::read,
         .purpose = "What units wrote to standard output and standard error",
         .example = "xorch logs train/3\n  xorch logs lr=0.1 repeat=2 --tail 20\n"
                    "  xorch logs --failed\n  xorch logs --follow"},
        [&context, &options] {
            return options.follow ? Follower(context, options).follow()
                                  : print_logs(context, options);
        }
    );
    verb.option(
            "unit",
            options.words,
            "stage/position, first digits of the id, or values such as lr=0.1; none: what ended "
            "last"
    )
        .type_name("UNIT");
    verb.option("--sweep", options.sweep, "A sweep's directory or its name; none: the newest")
        .type_name("SWEEP");
    verb.option("--head", options.head, "Only the first lines").type_name("N");
    verb.option("--tail", options.tail, "Only the last lines").type_name("N");
    verb.flag("--failed", options.failed, "Of failed units, the newest 20");
    const VerbOption follow =
        verb.flag("--follow,-f", options.follow, "Go on as more is written, until the sweep ends");
    verb.flag("--all-attempts", options.all_attempts, "Not only the newest attempt");
    verb.flag("--json", options.json, "Print JSON for programs").excludes(follow);
}

}  // namespace xorch
