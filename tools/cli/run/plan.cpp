#include "core/plan.h"

#include <fmt/format.h>

#include "coordinator/input/freeze.h"
#include "core/json.h"
#include "tools/cli/run/adoption.h"
#include "tools/cli/run/plan_view.h"
#include "tools/cli/run/sweep_source.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct PlanOptions {
    SweepSource source;
    std::uint32_t units = 5;
    bool json = false;
};

Result<Reuse> find_reuse(const std::string& home, const FrozenSweep& frozen) {
    if (const auto same = find_same_sweep(home, frozen)) {
        return Reuse{.from = same->root, .same_sweep = true};
    }
    auto earlier = find_earlier_results(home, frozen);
    if (!earlier) return tl::unexpected(earlier.error());
    return Reuse{.from = earlier->from, .units = earlier->units};
}

Result<ExitCode> show_plan(const Context& context, const PlanOptions& options) {
    auto read = read_sweep(options.source);
    if (!read) return tl::unexpected(read.error());
    auto frozen = freeze(*read);
    if (!frozen) return fail_at_source(options.source, frozen.error());
    auto plan = Plan::make(frozen->sweep);
    if (!plan) return fail_at_source(options.source, plan.error());
    if (auto checked = check_commands(*plan); !checked) return tl::unexpected(checked.error());
    auto reuse = find_reuse(context.home, *frozen);
    if (!reuse) return tl::unexpected(reuse.error());
    const PlanViewOptions view{
        .units_shown = options.units,
        .directory = fmt::format("{}/{}-<stamp>", context.home, frozen->sweep.name)};
    if (options.json) {
        fmt::print("{}\n", format_json_pretty(plan_as_json(*plan, *reuse, view)));
        return ExitCode::complete;
    }
    fmt::print("{}", format_plan(*plan, *reuse, view));
    for (const std::string& warning : frozen->warnings)
        fmt::print("warning: {}\n", warning);
    return ExitCode::complete;
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
    auto& options = context.keep<PlanOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "plan",
         .group = VerbGroup::run,
         .purpose = "Check a sweep file and show its units, without running anything",
         .example = "xorch plan sweep.toml --units 20"},
        [&context, &options] { return show_plan(context, options); }
    );
    add_sweep_source(verb, options.source);
    verb.option("--units", options.units, "How many units of each stage to show").show_default();
    add_json_flag(verb, options.json);
}

}  // namespace xorch
