#include "tools/cli/run/go_on.h"
#include "tools/cli/run/login_node.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct ResumeOptions {
    std::string sweep;
    bool detach = false;
    bool here = false;
};

Result<ExitCode> resume(const Context& context, const ResumeOptions& options) {
    auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    auto opened = open_sweep(*layout);
    if (!opened) return tl::unexpected(opened.error());
    if (!options.here && opened->sweep.backend == BackendKind::local) {
        if (auto allowed = refuse_login_node(); !allowed) return tl::unexpected(allowed.error());
    }
    return go_on(context, *opened, {.detach = options.detach});
}

}  // namespace

void add_resume(CLI::App& app, Context& context) {
    auto& options = context.keep<ResumeOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "resume",
         .group = VerbGroup::run,
         .purpose = "Go on with a sweep that was stopped or whose coordinator died",
         .example = "xorch resume budget_curve"},
        [&context, &options] { return resume(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.flag("--detach", options.detach, "Return at once; the sweep runs in the background");
    verb.flag("--here", options.here, "Run on this machine although it belongs to a Slurm cluster");
}

}  // namespace xorch
