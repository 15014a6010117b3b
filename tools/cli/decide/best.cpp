#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "coordinator/input/freeze.h"
#include "coordinator/report/choice/choice.h"
#include "coordinator/report/completeness.h"
#include "coordinator/report/text.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/decide/best_rule.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct BestOptions {
    std::string sweep;
    RuleOptions rule;
    std::string to_file;
    bool allow_missing = false;
    bool explain = false;
    bool audit = false;
    bool json = false;
};

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
    std::vector<UnitKey> units = choice.missing;
    for (const Candidate* repeat : choice.done)
        units.push_back(repeat->unit);
    std::sort(units.begin(), units.end());
    auto text = format_choice(sweep.plan(), select, units);
    if (!text) return tl::unexpected(text.error());
    auto file = disk.create(path);
    if (!file) return fail_with_context(file.error(), "writing " + path);
    return (*file)->append(*text);
}

struct Answer {
    Decision decision;
    Completeness completeness;              // of the stage that is chosen from
    std::vector<std::string> incomplete{};  // what is lacked, also by stages that promote it
    std::vector<Choice> choices;
    std::vector<const Choice*> chosen;
    std::vector<Agreement> agreements;
};

// What the choice is compared with may lack something, too.
Result<void> add_incomplete_promotions(const SweepReader& sweep, Answer& answer) {
    std::set<std::string> stages;
    for (const Agreement& agreement : answer.agreements)
        stages.insert(agreement.stage);
    for (const std::string& name : stages) {
        const StageIndex stage{*find_stage(sweep.plan().sweep(), name)};
        const auto completeness = completeness_of(sweep, stage);
        if (!completeness) return tl::unexpected(completeness.error());
        if (!completeness->holds) answer.incomplete.push_back(describe_completeness(*completeness));
    }
    return {};
}

Result<ExitCode> print_answer(
    const SweepReader& sweep,
    const AskedRule& asked,
    const Answer& answer,
    const BestOptions& options
) {
    const Completeness& whole = answer.completeness;
    const ExitCode code = answer.decision.refused() ? ExitCode::gate_not_met : ExitCode::complete;
    if (options.json) {
        Array chosen;
        for (const Choice* choice : answer.chosen)
            chosen.emplace_back(chosen_json(sweep, asked.select, *choice));
        Object object{
            {"select",   asked.select.name           },
            {"stage",    asked.select.from           },
            {"refused",  answer.decision.refused()   },
            {"complete", whole.holds                 },
            {"expected", std::int64_t{whole.expected}},
            {"done",     std::int64_t{whole.done}    },
            {"sound",    std::int64_t{whole.sound}   }
        };
        object.emplace_back(
            "incomplete", Array(answer.incomplete.begin(), answer.incomplete.end())
        );
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
    for (const std::string& words : answer.incomplete)
        fmt::print("{}\n", escape_for_terminal(words));
    return code;
}

Result<ExitCode> print_best(const Context& context, const BestOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    auto asked = find_rule(*sweep, options.rule);
    if (!asked) return tl::unexpected(asked.error());
    asked->select.allow_missing = asked->select.allow_missing || options.allow_missing;
    const auto candidates = read_candidates(*sweep, asked->select);
    if (!candidates) return tl::unexpected(candidates.error());
    const auto stage = find_stage(sweep->plan().sweep(), asked->select.from);
    const auto completeness = completeness_of(*sweep, StageIndex{*stage});
    if (!completeness) return tl::unexpected(completeness.error());
    Answer answer{.decision = decide(asked->select, *candidates), .completeness = *completeness};
    if (!completeness->holds) answer.incomplete.push_back(describe_completeness(*completeness));
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
        if (auto told = add_incomplete_promotions(*sweep, answer); !told) {
            return tl::unexpected(told.error());
        }
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
    verb.option("--select", options.rule.select, "Which [[select]]; default: the only one")
        .type_name("NAME");
    verb.option(
            "--by", options.rule.by, "Instead of a [[select]]: the first key decides, then the next"
    )
        .one_each()
        .type_name("METRIC:min|max[:TOLERANCE]");
    verb.option("--stage", options.rule.stage, "For --by; default: that of the summary")
        .type_name("NAME");
    verb.option("--repeats", options.rule.repeats, "For --by: axes whose points are repeats")
        .separated_by(',')
        .one_each()
        .type_name("A,B,...");
    verb.option("--take", options.rule.take, "For --by: how many").type_name("N");
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
