#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "coordinator/report/attempts.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/status_text.h"
#include "coordinator/report/unit_finder.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/read/slurm_jobs.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

// More stories than this are a table: `xorch records`.
constexpr std::size_t stories_max = 20;

struct WhyOptions {
    std::string sweep;
    std::vector<std::string> words;
    bool json = false;
};

// What units that do not run wait for.
struct Outlook {
    SweepStatus status;
    std::optional<QueueAnswer> answer;
    Millis now_unix{0};

    bool matters_to(UnitPhase phase) const {
        return !is_final(phase) &&
               (phase != UnitPhase::assigned || status.phase != SweepPhase::running);
    }
};

Result<Outlook> look_ahead(Disk& disk, const SweepLayout& layout) {
    Outlook outlook;
    outlook.now_unix = read_clocks().unix;
    auto status = read_status(disk, layout, outlook.now_unix);
    if (!status) return tl::unexpected(status.error());
    outlook.status = std::move(*status);
    outlook.answer = look_at_slurm(disk, layout, outlook.status, outlook.now_unix);
    return outlook;
}

std::vector<std::string> outlook_lines(const Outlook& outlook, const std::string& argument) {
    std::vector<std::string> lines;
    if (outlook.answer) {
        for (const std::string& job : job_lines(*outlook.answer, outlook.now_unix))
            lines.push_back("  " + job);
    }
    if (!lines.empty()) {
        lines.insert(lines.begin(), "  " + jobs_title(*outlook.answer, outlook.now_unix));
    }
    const SweepPhase phase = outlook.status.phase;
    if (phase != SweepPhase::running && phase != SweepPhase::queued) {
        lines.push_back(fmt::format(
            "  the sweep is {}; next: {}",
            sweep_phase_name(phase),
            next_command(outlook.status, argument)
        ));
    }
    return lines;
}

Value as_json(const ToldStory& story, const Outlook& outlook) {
    Array steps;
    for (const StoryStep& step : story.steps) {
        steps.emplace_back(Object{
            {"at_unix_ms", std::int64_t{step.at_unix.count()}},
            {"text",       step.text                         }
        });
    }
    return Object{
        {"unit",   story.name.place                                                   },
        {"id",     story.name.id                                                      },
        {"values", story.name.values                                                  },
        {"steps",  std::move(steps)                                                   },
        {"now",    story.present                                                      },
        {"slurm",  outlook.matters_to(story.phase) ? as_json(outlook.answer) : Value()}
    };
}

Result<ExitCode> explain(const Context& context, const WhyOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto units = find_units(sweep->plan(), options.words);
    if (!units) return tl::unexpected(units.error());
    const bool any_open = std::any_of(units->begin(), units->end(), [&](UnitKey unit) {
        return !is_final(sweep->state().unit(unit).phase);
    });
    const auto outlook = any_open ? look_ahead(disk, sweep->layout()) : Outlook{};
    if (!outlook) return tl::unexpected(outlook.error());
    Array stories;
    for (std::size_t i = 0; i < std::min(units->size(), stories_max); ++i) {
        const auto story = tell_story(*sweep, (*units)[i]);
        if (!story) return tl::unexpected(story.error());
        if (options.json) {
            stories.push_back(as_json(*story, *outlook));
            continue;
        }
        print_lines(story_lines(*story));
        if (outlook->matters_to(story->phase)) {
            print_lines(outlook_lines(*outlook, options.sweep));
        }
    }
    if (options.json) {
        if (auto printed = print_bytes(format_json_pretty(stories) + "\n"); !printed)
            return tl::unexpected(printed.error());
        return ExitCode::complete;
    }
    if (units->size() > stories_max) {
        print_lines({"and more; name fewer units, or see `xorch records`"});
    }
    return ExitCode::complete;
}

}  // namespace

void add_why(CLI::App& app, Context& context) {
    auto& options = context.keep<WhyOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "why",
         .group = VerbGroup::read,
         .purpose = "What happened to a unit, step by step",
         .example = "xorch why train/3\n  xorch why lr=0.1 repeat=2 --sweep budget_curve"},
        [&context, &options] { return explain(context, options); }
    );
    verb.option(
            "unit",
            options.words,
            "stage/position, first digits of the id, or values such as lr=0.1"
    )
        .required()
        .type_name("UNIT");
    verb.option("--sweep", options.sweep, "A sweep's directory or its name; none: the newest")
        .type_name("SWEEP");
    add_json_flag(verb, options.json);
}

}  // namespace xorch
