#include <fmt/format.h>

#include "coordinator/input/freeze.h"
#include "coordinator/report/text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "core/io/spawn.h"
#include "tools/cli/run/adoption.h"
#include "tools/cli/run/go_on.h"
#include "tools/cli/run/interpreter.h"
#include "tools/cli/run/local_checks.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/run/login_node.h"
#include "tools/cli/run/native_program.h"
#include "tools/cli/run/plan_view.h"
#include "tools/cli/run/slurm_checks.h"
#include "tools/cli/run/sweep_directory.h"
#include "tools/cli/run/sweep_source.h"
#include "tools/cli/verbs.h"
#include "worker/agent_loop.h"

namespace xorch {

namespace {

struct SubmitOptions {
    SweepSource source;
    bool fresh = false;
    bool detach = false;
    bool here = false;
    std::string backend;
};

void say(const std::string& line) {
    fmt::print("{}\n", escape_for_terminal(line, Newlines::keep));
}

Result<ExitCode> run(const Context& context, const SweepLayout& layout, bool detach) {
    auto opened = open_sweep(layout);
    return opened ? go_on(context, *opened, {.detach = detach}) : tl::unexpected(opened.error());
}

// A new directory for the sweep, with what earlier sweeps of its name have finished already.
Result<SweepLayout> set_up(const Context& context, const FrozenSweep& frozen, bool fresh) {
    for (const std::string& warning : frozen.warnings)
        say("warning: " + warning);
    const auto programs = describe_programs(frozen.sweep, current_environment());
    if (!programs) return tl::unexpected(programs.error());
    for (const std::string& line : *programs)
        say(line);
    const auto native_program = native_program_for(frozen.sweep, context.program);
    if (!native_program) return tl::unexpected(native_program.error());
    auto layout = create_sweep_directory(
        frozen,
        {.home = context.home,
         .program = context.program,
         .native_program = *native_program,
         .unix = read_clocks().unix}
    );
    if (!layout) return layout;
    say(fmt::format("sweep {}", layout->root));
    if (fresh) return layout;
    auto adopted = adopt_earlier(context.home, *layout, frozen);
    if (!adopted) return tl::unexpected(adopted.error());
    if (adopted->units > 0) {
        say(fmt::format(
            "{} taken over from {}", count_of(adopted->units, "finished unit"), adopted->from
        ));
    }
    if (adopted->resumable > 0) {
        say(fmt::format(
            "checkpoints of {} taken over from {} (--fresh starts anew)",
            count_of(adopted->resumable, "unfinished unit"),
            adopted->resumed_from
        ));
    }
    return layout;
}

// The command line as a sweep file, for whoever wants to change or keep it.
Result<void> keep_sweep_file(const SweepSource& source, const SweepLayout& layout) {
    const auto text = spell_sweep(source);
    if (!text) return tl::unexpected(text.error());
    const std::string path = layout.root + "/command_line.toml";
    PosixDisk disk;
    if (auto written = write_file_atomically(disk, path, *text); !written) return written;
    say(fmt::format("as a sweep file: {} (copy it to this folder to change it)", path));
    return {};
}

Result<ExitCode> submit(const Context& context, const SubmitOptions& options) {
    SweepSource source = options.source;
    if (!options.backend.empty()) {
        source.overrides.push_back(fmt::format("sweep.backend=\"{}\"", options.backend));
    }
    auto read = read_sweep(source);
    if (!read) return tl::unexpected(read.error());
    if (!options.here && read->backend == BackendKind::local) {
        if (auto allowed = refuse_login_node(); !allowed) return tl::unexpected(allowed.error());
    }
    auto frozen = freeze(*read);
    if (!frozen) return fail_at_source(options.source, frozen.error());
    const auto plan = Plan::make(frozen->sweep);
    if (!plan) return fail_at_source(options.source, plan.error());
    if (auto checked = check_commands(*plan); !checked) return tl::unexpected(checked.error());
    if (auto checked = check_launcher_here(frozen->sweep); !checked) {
        return tl::unexpected(checked.error());
    }
    if (!options.fresh) {
        if (const auto same = find_same_sweep(context.home, *frozen)) {
            say(fmt::format("unchanged: going on with {} (--fresh starts anew)", same->root));
            return run(context, *same, options.detach);
        }
    }
    if (frozen->sweep.backend == BackendKind::slurm) {
        const auto checked = check_with_slurm(frozen->sweep);
        if (!checked) return tl::unexpected(checked.error());
        if (*checked) say(**checked);
    } else {
        const Capacity machine = measure_capacity(frozen->sweep);
        auto checked = check_gangs_here(frozen->sweep, machine);
        if (!checked) return fail_at_source(options.source, checked.error());
    }
    auto layout = set_up(context, *frozen, options.fresh);
    if (!layout) return tl::unexpected(layout.error());
    if (!options.source.axes.empty()) {
        if (auto kept = keep_sweep_file(options.source, *layout); !kept) {
            return tl::unexpected(kept.error());
        }
    }
    return run(context, *layout, options.detach);
}

}  // namespace

void add_submit(CLI::App& app, Context& context) {
    auto& options = context.keep<SubmitOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "submit",
         .group = VerbGroup::run,
         .purpose = "Run a sweep, or go on with it if its file is unchanged",
         .example = "xorch submit sweep.toml --set local.slots=4\n"
                    "  xorch submit --axis lr=1e-4,1e-3 -- python3 train.py --lr {lr}"},
        [&context, &options] { return submit(context, options); }
    );
    add_sweep_source(verb, options.source);
    verb.flag("--fresh", options.fresh, "A new sweep that takes nothing over from earlier ones");
    verb.option("--backend", options.backend, "Who lends the nodes: local or slurm")
        .one_of({"local", "slurm"});
    verb.flag("--detach", options.detach, "Return at once; the sweep runs in the background");
    verb.flag("--here", options.here, "Run on this machine although it belongs to a Slurm cluster");
}

}  // namespace xorch
