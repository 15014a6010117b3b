#include "coordinator/report/tables/summary.h"

#include "coordinator/report/goodput.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct SummaryOptions {
    std::string sweep;
    bool json = false;
};

Result<ExitCode> print_summary(const Context& context, const SummaryOptions& options) {
    PosixDisk disk;
    const auto sweep = open_named_sweep(disk, context, options.sweep);
    if (!sweep) return tl::unexpected(sweep.error());
    const auto summary = make_summary(*sweep);
    if (!summary) return tl::unexpected(summary.error());
    warn_if_incomplete(*sweep, summary_stage(sweep->plan()));
    if (!options.json && !context.terminal.is_terminal) {
        const auto printed = print_bytes(format_summary_tsv(*summary));
        if (!printed) return tl::unexpected(printed.error());
        return ExitCode::complete;
    }
    const auto goodput = measure_goodput(*sweep);
    if (!goodput) return tl::unexpected(goodput.error());
    if (!options.json) {
        print_lines(summary_lines(*summary));
        print_lines(goodput_lines(*goodput));
        return ExitCode::complete;
    }
    Object object = summary_json(*summary);
    object.emplace_back("node_time", goodput_json(*goodput));
    const auto printed = print_bytes(format_json_pretty(object) + "\n");
    if (!printed) return tl::unexpected(printed.error());
    return ExitCode::complete;
}

}  // namespace

void add_summary(CLI::App& app, Context& context) {
    auto& options = context.keep<SummaryOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "summary",
         .group = VerbGroup::read,
         .purpose = "Mean, deviation, range and 95 % interval per group, as [summary] asks; and "
                    "where the nodes' time went",
         .example = "xorch summary budget_curve\n  xorch summary --json | jq .groups"},
        [&context, &options] { return print_summary(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    add_json_flag(verb, options.json);
}

}  // namespace xorch
