#include <CLI/CLI.hpp>
#include <algorithm>

#include "coordinator/report/attempts.h"
#include "coordinator/report/unit_finder.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
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

Value as_json(const ToldStory& story) {
    Array steps;
    for (const StoryStep& step : story.steps) {
        steps.emplace_back(Object{
            {"at_unix_ms", std::int64_t{step.at_unix.count()}},
            {"text",       step.text                         }
        });
    }
    return Object{
        {"unit",   story.name.place },
        {"id",     story.name.id    },
        {"values", story.name.values},
        {"steps",  std::move(steps) },
        {"now",    story.present    }
    };
}

Result<ExitCode> explain(const Context& context, const WhyOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto units = find_units(sweep->plan(), options.words);
    if (!units) return tl::unexpected(units.error());
    Array stories;
    for (std::size_t i = 0; i < std::min(units->size(), stories_max); ++i) {
        const auto story = tell_story(*sweep, (*units)[i]);
        if (!story) return tl::unexpected(story.error());
        if (options.json) {
            stories.push_back(as_json(*story));
        } else {
            print_lines(story_lines(*story));
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
    CLI::App& verb = add_verb(
        app,
        context,
        {.name = "why",
         .group = VerbGroup::read,
         .purpose = "What happened to a unit, step by step",
         .example = "xorch why train/3\n  xorch why lr=0.1 repeat=2 --sweep budget_curve"},
        [&context, &options] { return explain(context, options); }
    );
    verb.add_option(
            "unit",
            options.words,
            "stage/position, first digits of the id, or values such as lr=0.1"
    )
        ->required()
        ->type_name("UNIT");
    verb.add_option("--sweep", options.sweep, "A sweep's directory or its name; none: the newest")
        ->type_name("SWEEP");
    add_json_flag(verb, options.json);
}

}  // namespace xorch
