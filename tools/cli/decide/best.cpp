#include <fmt/format.h>

#include <algorithm>

#include "coordinator/input/freeze.h"
#include "coordinator/report/choice/choice.h"
#include "coordinator/report/tables/summary.h"
#include "coordinator/report/text.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct BestOptions {
    std::string sweep;
    std::string select;
    std::vector<std::string> by;
    std::string stage;
    std::vector<std::string> repeats;
    std::uint32_t take = 1;
    std::string to_file;
    bool allow_missing = false;
    bool explain = false;
    bool audit = false;
    bool json = false;
};

// "ap50:max" or "loss:min:0.01".
Result<OrderKey> parse_key(const std::string& text) {
    const std::size_t first = text.find(':');
    const std::string rest = first == std::string::npos ? "" : text.substr(first + 1);
    const std::size_t second = rest.find(':');
    const std::string mode = rest.substr(0, second);
    OrderKey key{.metric = text.substr(0, first), .minimise = mode == "min"};
    char* end = nullptr;
    const std::string tolerance = second == std::string::npos ? "0" : rest.substr(second + 1);
    key.tolerance = std::strtod(tolerance.c_str(), &end);
    const bool is_number = end != tolerance.c_str() && *end == '\0' && key.tolerance >= 0;
    if (key.metric.empty() || (mode != "min" && mode != "max") || !is_number) {
        return fail(
            ErrorCode::usage,
            fmt::format("--by {}: write METRIC:min or METRIC:max, then perhaps :TOLERANCE", text)
        );
    }
    return key;
}

struct Asked {
    Select select;
    std::optional<std::uint32_t> number;  // of a selection in the sweep file
};

// A rule made on the command line.
Result<Asked> made_up(const Sweep& sweep, StageIndex fallback, const BestOptions& options) {
    Asked asked;
    asked.select.name = "best";
    asked.select.from = options.stage.empty() ? sweep.stages[fallback.value].name : options.stage;
    if (!find_stage(sweep, asked.select.from)) {
        return fail(ErrorCode::usage, fmt::format("there is no stage {}", options.stage));
    }
    for (const std::string& text : options.by) {
        auto key = parse_key(text);
        if (!key) return tl::unexpected(key.error());
        asked.select.order.push_back(*std::move(key));
    }
    asked.select.repeats = options.repeats;
    asked.select.take = options.take;
    return asked;
}

Result<Asked> find_rule(const SweepReader& reader, const BestOptions& options) {
    const Sweep& sweep = reader.plan().sweep();
    if (!options.by.empty()) return made_up(sweep, summary_stage(reader.plan()), options);
    std::vector<std::string> names;
    for (std::uint32_t s = 0; s < sweep.selects.size(); ++s) {
        names.push_back(sweep.selects[s].name);
        const bool is_meant =
            options.select.empty() ? sweep.selects.size() == 1 : names.back() == options.select;
        if (is_meant) return Asked{sweep.selects[s], s};
    }
    if (names.empty()) {
        return fail(
            ErrorCode::usage,
            "this sweep has no [[select]]; say what is best: xorch best --by METRIC:max"
        );
    }
    return fail(
        ErrorCode::usage,
        fmt::format(
            "{}there are {}: xorch best --select {}",
            options.select.empty() ? "" : "there is no selection " + options.select + "; ",
            fmt::join(names, ", "),
            names.front()
        )
    );
}

Object chosen_json(const SweepReader& sweep, const Select& select, const Choice& choice) {
    Object metrics;
    for (const OrderKey& key : select.order) {
        const auto score = choice.score(key.metric);
        if (!score) continue;
        metrics.emplace_back(
            key.metric,
            Object{
                {"mean",           score->mean                        },
                {"n",              static_cast<std::int64_t>(score->n)},
                {"standard_error", score->standard_error              }
        }
        );
    }
    return {
        {"unit",                                            fmt::format("{}/{}",                                           select.from, choice.unit.index)},
        {"unit_id",                               format_unit_id(sweep.plan().id(choice.unit))                                                                                           },
        {"params",choice.params},
        {"missing",                                                              static_cast<std::int64_t>(choice.missing.size())                                                                                                                                                                                  },
        {"metrics",std::move(metrics)}
    };
}

std::vector<std::string> chosen_lines(
    const SweepReader& sweep, const Select& select, const std::vector<const Choice*>& chosen
) {
    const std::vector<std::string> axes =
        sweep.plan().axis_names(StageIndex{*find_stage(sweep.plan().sweep(), select.from)});
    std::vector<std::string> head{"unit"};
    std::vector<std::string> shown;
    for (const std::string& axis : axes) {
        const auto& repeats = select.repeats;
        if (std::find(repeats.begin(), repeats.end(), axis) == repeats.end()) shown.push_back(axis);
    }
    for (const std::string& axis : shown)
        head.push_back(escape_for_terminal(axis));
    for (const OrderKey& key : select.order)
        head.push_back(escape_for_terminal(key.metric));
    TextTable table(std::vector<Align>(head.size(), Align::left));
    table.add(head);
    for (const Choice* choice : chosen) {
        std::vector<std::string> row{fmt::format("{}/{}", select.from, choice->unit.index)};
        for (const std::string& axis : shown) {
            const Value* value = find_member(choice->params, axis);
            row.push_back(value == nullptr ? "-" : escape_for_terminal(format_plain(*value)));
        }
        for (const OrderKey& key : select.order) {
            const auto score = choice->score(key.metric);
            const bool is_mean = score && score->n > 1;
            row.push_back(
                !score    ? "-"
                : is_mean ? fmt::format("{:.6g} (n = {})", score->mean, score->n)
                          : fmt::format("{:.6g}", score->mean)
            );
        }
        table.add(std::move(row));
    }
    return table.lines();
}

Result<void> write_choice(
    Disk& disk,
    const SweepReader& sweep,
    const Select& select,
    const Choice& choice,
    const std::string& path
) {
    auto text = format_choice(sweep.plan().sweep(), select, choice.params);
    if (!text) return tl::unexpected(text.error());
    auto file = disk.create(path);
    if (!file) return fail_with_context(file.error(), "writing " + path);
    return (*file)->append(*text);
}

struct Answer {
    Decision decision;
    std::vector<Choice> choices;
    std::vector<const Choice*> chosen;
    std::vector<Agreement> agreements;
};

Result<ExitCode> print_answer(
    const SweepReader& sweep, const Asked& asked, const Answer& answer, const BestOptions& options
) {
    std::size_t undone = 0;
    for (const Choice& choice : answer.choices)
        undone += choice.missing.size();
    const ExitCode code = answer.decision.refused() ? ExitCode::gate_not_met : ExitCode::complete;
    if (options.json) {
        Array chosen;
        for (const Choice* choice : answer.chosen)
            chosen.emplace_back(chosen_json(sweep, asked.select, *choice));
        Object object{
            {"select",   asked.select.name                },
            {"stage",    asked.select.from                },
            {"refused",  answer.decision.refused()        },
            {"complete", undone == 0                      },
            {"not_done", static_cast<std::int64_t>(undone)}
        };
        object.emplace_back("chosen", std::move(chosen));
        object.emplace_back("explanation", answer.decision.explanation);
        if (options.audit) object.emplace_back("audit", agreement_json(answer.agreements));
        const auto printed = print_bytes(format_json_pretty(object) + "\n");
        if (!printed) return tl::unexpected(printed.error());
        return code;
    }
    if (!answer.chosen.empty()) print_lines(chosen_lines(sweep, asked.select, answer.chosen));
    if (options.explain || answer.decision.refused()) {
        if (!answer.chosen.empty()) fmt::print("\n");
        fmt::print("{}\n", escape_for_terminal(answer.decision.explanation, Newlines::keep));
    }
    if (options.audit) {
        print_lines(agreement_lines(answer.agreements));
        if (answer.agreements.empty()) fmt::print("no stage promotes {}\n", asked.select.name);
    }
    if (undone > 0) {
        fmt::print(
            "incomplete: {} not done in stage {}; `xorch status` shows why\n",
            count_of(undone, "unit"),
            asked.select.from
        );
    }
    return code;
}

Result<ExitCode> print_best(const Context& context, const BestOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    auto asked = find_rule(*sweep, options);
    if (!asked) return tl::unexpected(asked.error());
    asked->select.allow_missing = asked->select.allow_missing || options.allow_missing;
    const auto candidates = read_candidates(*sweep, asked->select);
    if (!candidates) return tl::unexpected(candidates.error());
    Answer answer{.decision = decide(asked->select, *candidates)};
    answer.choices = make_choices(*candidates, asked->select.repeats);
    for (const UnitKey unit : answer.decision.chosen) {
        const auto choice =
            std::find_if(answer.choices.begin(), answer.choices.end(), [&](const Choice& each) {
                return each.unit == unit;
            });
        answer.chosen.push_back(&*choice);
    }
    if (options.audit) {
        if (!asked->number) {
            return fail(ErrorCode::usage, "--audit needs a [[select]] that a stage promotes");
        }
        auto agreements = audit_selection(*sweep, *asked->number);
        if (!agreements) return tl::unexpected(agreements.error());
        answer.agreements = *std::move(agreements);
    }
    if (!options.to_file.empty() && !answer.chosen.empty()) {
        const auto written =
            write_choice(disk, *sweep, asked->select, *answer.chosen.front(), options.to_file);
        if (!written) return tl::unexpected(written.error());
    }
    return print_answer(*sweep, *asked, answer, options);
}

}  // namespace

void add_best(CLI::App& app, Context& context) {
    auto& options = context.keep<BestOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "best",
         .group = VerbGroup::decide,
         .purpose =
             "What a [[select]] of the sweep would choose now, and why; exit 5 if it refuses",
         .example = "xorch best budget_curve --by ap50:max --repeats repeat --explain\n"
                    "  xorch best --select best_small --audit"},
        [&context, &options] { return print_best(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.option("--select", options.select, "Which [[select]]; default: the only one")
        .type_name("NAME");
    verb.option("--by", options.by, "Instead of a [[select]]: the first key decides, then the next")
        .one_each()
        .type_name("METRIC:min|max[:TOLERANCE]");
    verb.option("--stage", options.stage, "For --by; default: that of the summary")
        .type_name("NAME");
    verb.option("--repeats", options.repeats, "For --by: axes whose points are repeats")
        .separated_by(',')
        .one_each()
        .type_name("A,B,...");
    verb.option("--take", options.take, "For --by: how many").type_name("N");
    verb.option("--export", options.to_file, "A new sweep file that runs the best one alone")
        .type_name("FILE.toml");
    verb.flag("--allow-missing", options.allow_missing, "Choose although repeats are not done");
    verb.flag("--explain", options.explain, "All reasons, the next best, and other orders");
    verb.flag(
        "--audit", options.audit, "How well the choice predicted the results of what it promoted"
    );
    add_json_flag(verb, options.json);
}

}  // namespace xorch
