// The hidden verb of the doctor's job.

#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "core/io/process.h"
#include "core/io/signals.h"
#include "tools/cli/doctor/probe/exchange.h"
#include "tools/cli/doctor/probe/machine.h"
#include "tools/cli/doctor/probe/node.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct ProbeOptions {
    bool step = false;
};

Result<ExitCode> probe(const Context& context, const ProbeOptions& options) {
    // The end of a job that short is near from its start on, and Slurm says so.
    if (auto blocked = block_signals({SIGUSR2}); !blocked) return tl::unexpected(blocked.error());
    const auto environment = current_environment();
    if (options.step) {
        fmt::print("{}\n", exchange::format_machine(probe_machine(environment)));
        return ExitCode::complete;
    }
    const NodeProbe settings{
        .folder = std::filesystem::current_path(),
        .program = context.program,
        .environment = environment};
    if (auto probed = probe_node(settings); !probed) return tl::unexpected(probed.error());
    return ExitCode::complete;
}

}  // namespace

void add_probe(CLI::App& app, Context& context) {
    auto& options = context.keep<ProbeOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "probe",
         .group = VerbGroup::hidden,
         .purpose = "Look at a compute node for the doctor",
         .example = ""},
        [&context, &options] { return probe(context, options); }
    );
    verb.flag("--step", options.step, "Print what a step sees");
}

}  // namespace xorch
