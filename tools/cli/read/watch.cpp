#include <fmt/format.h>
#include <poll.h>

#include <optional>

#include "coordinator/report/failure_reader.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/status_text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
#include "tools/cli/read/slurm_jobs.h"
#include "tools/cli/run/progress_display.h"
#include "tools/cli/sweeps.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

// The coordinator writes its status once a second.
constexpr int look_every_ms = 1000;

struct WatchOptions {
    std::string sweep;
    bool json = false;
};

// For programs: one line of JSON per look, as `xorch status --json` but unbroken.
void print_line(const Object& object) {
    fmt::print("{}\n", format_json(object));
    std::fflush(stdout);
}

Result<ExitCode> watch(const Context& context, const WatchOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    PosixDisk disk;
    ProgressDisplay display(context.terminal);
    std::optional<QueueAnswer> answer;
    std::optional<SweepPhase> phase;
    Millis next_question{0};
    while (true) {
        const Now now = read_clocks();
        auto status = read_status(disk, *layout, now.unix);
        if (!status) return tl::unexpected(status.error());
        // What was queued and runs now is another answer.
        if (now.boot >= next_question || status->phase != phase) {
            phase = status->phase;
            answer = look_at_slurm(disk, *layout, *status, now.unix);
            next_question = now.boot + slurm_looked_at_every;
        }
        const auto jobs = answer ? job_lines(*answer, now.unix) : std::vector<std::string>();
        if (options.json) {
            print_line(look_object(*status, answer, *layout));
            if (!goes_on_by_itself(status->phase)) return exit_code_of(*status);
        } else {
            display.show(now, *status, jobs);
        }
        if (!goes_on_by_itself(status->phase)) {
            display.finish();
            StatusPage page;
            page.now_unix = now.unix;
            page.width = context.terminal.width;
            page.argument = options.sweep;
            page.failures = read_failures(disk, *layout, *status);
            print_lines(status_lines(*status, page));
            return exit_code_of(*status);
        }
        ::poll(nullptr, 0, look_every_ms);
    }
}

}  // namespace

void add_watch(CLI::App& app, Context& context) {
    auto& options = context.keep<WatchOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "watch",
         .group = VerbGroup::read,
         .purpose = "Live progress of a running sweep, until it ends",
         .example = "xorch watch\n  xorch watch budget_curve"},
        [&context, &options] { return watch(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.flag("--json", options.json, "Print a line of JSON per second for programs");
}

}  // namespace xorch
