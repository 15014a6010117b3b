
#include "coordinator/report/failure_reader.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/status_text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/read/slurm_jobs.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

struct StatusOptions {
    std::string sweep;
    bool json = false;
    bool check = false;
};

Result<ExitCode> print_status(const Context& context, const StatusOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    PosixDisk disk;
    const Millis now = read_clocks().unix;
    auto status = read_status(disk, *layout, now);
    if (!status) return tl::unexpected(status.error());
    if (options.check) return exit_code_of(*status);
    const auto answer = look_at_slurm(disk, *layout, *status, now);
    if (options.json) {
        const Object object = look_object(*status, answer, *layout);
        if (auto printed = print_bytes(format_json_pretty(object) + "\n"); !printed) {
            return tl::unexpected(printed.error());
        }
        return ExitCode::complete;
    }
    StatusPage page;
    page.now_unix = now;
    if (answer) {
        page.jobs_title = jobs_title(*answer, now);
        page.jobs = job_lines(*answer, now);
    } else if (status->phase == SweepPhase::queued) {
        page.jobs_title = "Slurm's jobs";
        page.jobs = {"  Slurm does not answer, so whether they still wait is not known"};
    }
    page.disk_free = free_space(layout->root);
    page.width = context.terminal.width;
    page.argument = options.sweep;
    page.failures = read_failures(disk, *layout, *status);
    print_lines(status_lines(*status, page));
    return ExitCode::complete;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
    auto& options = context.keep<StatusOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "status",
         .group = VerbGroup::read,
         .purpose = "How a sweep stands: counts, what runs, what failed and why, what to do next",
         .example = "xorch status\n  xorch status budget_curve --json\n  xorch status --check && "
                    "echo complete"},
        [&context, &options] { return print_status(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    add_json_flag(verb, options.json);
    verb.flag(
        "--check",
        options.check,
        "Print nothing; exit 0 complete, 3 incomplete, 4 units failed, 5 gate not met"
    );
}

}  // namespace xorch
