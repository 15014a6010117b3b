#include <fmt/format.h>

#include "coordinator/report/text.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/run/login_node.h"
#include "tools/cli/run/slurm_run.h"
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
    if (opened->sweep.backend == BackendKind::slurm) return submit_to_slurm(context, *opened);
    if (!options.here) {
        if (auto allowed = refuse_login_node(); !allowed) return tl::unexpected(allowed.error());
    }
    if (!options.detach) return run_here(context, *opened, {});
    if (auto started = run_detached(*layout); !started) return tl::unexpected(started.error());
    fmt::print(
        "running in the background; `xorch watch {}` shows how it goes\n",
        quote_for_shell(layout->root)
    );
    return ExitCode::complete;
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
