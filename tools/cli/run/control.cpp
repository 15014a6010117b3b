// Verbs that ask whoever reigns for something, or do it themselves where nobody reigns.

#include <fmt/format.h>

#include "coordinator/report/text.h"
#include "core/json.h"
#include "tools/cli/run/asking.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct ControlOptions {
    std::string sweep;
    std::vector<std::string> stages;
    std::vector<std::string> units;
    bool json = false;
    std::string gate;
    std::string note;
    bool refuse = false;
};

struct ControlVerb {
    VerbText text;
    const char* request;  // what the coordinator knows it as
    bool names_units = false;
    bool needs_coordinator = false;  // it means nothing where nobody reigns
    const char* done;                // what happened, for people; {} is the number of units
    const char* next;                // the next command, without the sweep; empty = none
};

std::string arguments_of(const ControlOptions& options) {
    Object arguments;
    const auto names = [](const std::vector<std::string>& list) {
        return Array(list.begin(), list.end());
    };
    if (!options.stages.empty()) set_member(arguments, "stages", names(options.stages));
    if (!options.gate.empty()) set_member(arguments, "gate", options.gate);
    if (!options.note.empty()) set_member(arguments, "note", options.note);
    if (options.refuse) set_member(arguments, "refuse", true);
    if (!options.units.empty()) set_member(arguments, "units", names(options.units));
    return format_json(arguments);
}

// The first number of the reply, which counts units.
std::int64_t count_in(const Value& reply) {
    const auto* members = reply.get_if<Object>();
    if (members == nullptr) return 0;
    for (const auto& [name, value] : *members) {
        if (const auto* number = value.get_if<std::int64_t>()) return *number;
    }
    return 0;
}

Result<ExitCode> control(
    const Context& context, const ControlVerb& verb, const ControlOptions& options
) {
    auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    auto opened = open_sweep(*layout);
    if (!opened) return tl::unexpected(opened.error());
    auto answered = ask_or_do(
        *opened,
        {.verb = verb.request,
         .arguments = arguments_of(options),
         .needs_coordinator = verb.needs_coordinator}
    );
    if (!answered) return tl::unexpected(answered.error());
    if (!answered->reply.ok) return fail(ErrorCode::usage, answered->reply.text);
    if (options.json) {
        fmt::print("{}\n", answered->reply.text);
        return ExitCode::complete;
    }
    const auto reply = parse_json(answered->reply.text);
    const auto count = static_cast<std::uint64_t>(reply ? count_in(*reply) : 0);
    fmt::print("{}\n", fmt::format(fmt::runtime(verb.done), count_of(count, "unit")));
    if (*verb.next != '\0' && !answered->somebody_reigns) {
        fmt::print("next: {} {}\n", verb.next, quote_for_shell(layout->root));
    }
    return ExitCode::complete;
}

void add_control(CLI::App& app, Context& context, const ControlVerb& what) {
    auto& options = context.keep<ControlOptions>();
    Verb verb = add_verb(app, context, what.text, [&context, &options, what] {
        return control(context, what, options);
    });
    add_sweep_argument(verb, options.sweep);
    if (what.names_units) {
        verb.option("--stage", options.stages, "Only units of this stage").one_each();
        verb.option(
                "--unit", options.units, "Only this unit: STAGE/NUMBER as `xorch status` shows it"
        )
            .one_each();
    }
    add_json_flag(verb, options.json);
}

}  // namespace

void add_cancel(CLI::App& app, Context& context) {
    add_control(
        app,
        context,
        {
            .text =
                {.name = "cancel",
                       .group = VerbGroup::run,
                       .purpose = "Give up units that are not finished; finished ones keep their records",
                       .example = "xorch cancel budget_curve --unit train/7"},
            .request = "cancel",
            .names_units = true,
            .done = "{} cancelled",
            .next = ""
    }
    );
}

void add_retry(CLI::App& app, Context& context) {
    add_control(
        app,
        context,
        {
            .text =
                {.name = "retry",
                       .group = VerbGroup::run,
                       .purpose = "Give failed and cancelled units a new budget, and go on if the sweep "
                            "is paused", .example = "xorch retry budget_curve --stage train"},
            .request = "retry",
            .names_units = true,
            .done = "{} will be tried again",
            .next = "xorch resume"
    }
    );
}

void add_approve(CLI::App& app, Context& context) {
    auto& options = context.keep<ControlOptions>();
    const ControlVerb what{
        .text =
            {.name = "approve",
                   .group = VerbGroup::decide,
                   .purpose = "Let the selection that a [[gate]] holds be made, or refuse it",
                   .example = "xorch approve eyes budget_curve --note 'edges are sharp'"},
        .request = "approve",
        .done = "{} chosen; `xorch best --explain` says why",
        .next = "xorch resume"
    };
    Verb verb = add_verb(app, context, what.text, [&context, &options, what] {
        return control(context, what, options);
    });
    verb.option("gate", options.gate, "As the sweep file names it").required().type_name("GATE");
    add_sweep_argument(verb, options.sweep);
    verb.option("--note", options.note, "Kept with the decision").type_name("TEXT");
    verb.flag("--refuse", options.refuse, "What the selection would promote is given up");
    add_json_flag(verb, options.json);
}

void add_pause(CLI::App& app, Context& context) {
    add_control(
        app,
        context,
        {
            .text =
                {.name = "pause",
                       .group = VerbGroup::run,
                       .purpose = "Start no further units; running ones go on",
                       .example = "xorch pause budget_curve"},
            .request = "pause",
            .done = "paused: running units go on, no others are started until `xorch continue`",
            .next = ""
    }
    );
}

void add_continue(CLI::App& app, Context& context) {
    add_control(
        app,
        context,
        {
            .text =
                {.name = "continue",
                       .group = VerbGroup::run,
                       .purpose = "Go on with a paused sweep",
                       .example = "xorch continue budget_curve"},
            .request = "continue",
            .done = "the sweep goes on",
            .next = "xorch resume"
    }
    );
}

void add_stop(CLI::App& app, Context& context) {
    add_control(
        app,
        context,
        {
            .text =
                {.name = "stop",
                       .group = VerbGroup::run,
                       .purpose = "Checkpoint what runs and stop; `xorch resume` goes on",
                       .example = "xorch stop budget_curve"},
            .request = "stop",
            .needs_coordinator = true,
            .done = "stopping: units are checkpointed, then the sweep ends; `xorch resume` goes on "
                    "with it",
            .next = ""
    }
    );
}

}  // namespace xorch
