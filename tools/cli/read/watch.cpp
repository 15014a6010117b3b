#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>

#include "coordinator/report/failure_reader.h"
#include "coordinator/report/status_reader.h"
#include "coordinator/report/status_text.h"
#include "core/io/clock.h"
#include "core/io/posix_disk.h"
#include "core/json.h"
#include "tools/cli/read/read_sweep.h"
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
Result<void> print_status_line(const SweepStatus& status) {
    const auto value = parse_json(format_status_json(status));
    if (!value) return tl::unexpected(value.error());
    fmt::print("{}\n", format_json(*value));
    std::fflush(stdout);
    return {};
}

Result<ExitCode> watch(const Context& context, const WatchOptions& options) {
    const auto layout = find_sweep(context.home, options.sweep);
    if (!layout) return tl::unexpected(layout.error());
    PosixDisk disk;
    ProgressDisplay display(context.terminal);
    while (true) {
        const Now now = read_clocks();
        const auto status = read_status(disk, *layout, now.unix);
        if (!status) return tl::unexpected(status.error());
        if (!options.json) {
            display.show(now, *status);
        } else if (auto printed = print_status_line(*status); !printed) {
            return tl::unexpected(printed.error());
        }
        const bool goes_on = status->phase == SweepPhase::running ||
                             status->phase == SweepPhase::paused ||
                             status->phase == SweepPhase::queued;
        if (!goes_on) {
            if (options.json) return exit_code_of(*status);
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
    CLI::App& verb = add_verb(
        app,
        context,
        {.name = "watch",
         .group = VerbGroup::read,
         .purpose = "Live progress of a running sweep, until it ends",
         .example = "xorch watch\n  xorch watch budget_curve"},
        [&context, &options] { return watch(context, options); }
    );
    add_sweep_argument(verb, options.sweep);
    verb.add_flag("--json", options.json, "Print a line of JSON per second for programs");
}

}  // namespace xorch
