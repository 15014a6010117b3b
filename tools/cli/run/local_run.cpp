#include "tools/cli/run/local_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <csignal>
#include <cstdio>

#include "coordinator/input/sweep_file.h"
#include "coordinator/journal/claim.h"
#include "coordinator/journal/segment.h"
#include "coordinator/loop.h"
#include "coordinator/report/failure_reader.h"
#include "coordinator/report/failures.h"
#include "coordinator/report/goodput.h"
#include "coordinator/report/status_text.h"
#include "coordinator/report/sweep_reader.h"
#include "coordinator/report/tables/summary.h"
#include "coordinator/report/tables/tables.h"
#include "coordinator/report/text.h"
#include "coordinator/stop_source.h"
#include "core/hash.h"
#include "core/io/clock.h"
#include "core/io/console.h"
#include "core/io/descriptor.h"
#include "core/io/network.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "tools/cli/run/backend.h"
#include "tools/cli/run/progress_display.h"

namespace xorch {

namespace {

Result<SweepReader> read_sweep(Disk& disk, const OpenedSweep& opened) {
    auto plan = Plan::make(opened.sweep);
    if (!plan) return tl::unexpected(plan.error());
    return SweepReader::read(disk, opened.layout, std::move(*plan));
}

// The derived tables, from what is durable; runs beside the coordinator's loop.
Result<void> write_tables(const OpenedSweep& opened) {
    PosixDisk disk;
    auto reader = read_sweep(disk, opened);
    if (!reader) return tl::unexpected(reader.error());
    return write_newest_tables(*reader);
}

// What a person wants to know at the end: what failed and why, the summary, what to do next.
void print_ending(
    const Context& context,
    const SweepReader& reader,
    const SweepStatus& status,
    const SummaryTable& summary
) {
    const std::string& root = reader.layout().root;
    const StatusPage page{
        .now_unix = read_clocks().unix,
        .width = context.terminal.width,
        .argument = root,
        .failures = read_failures(reader, status)};
    if (!status.pause_reason.empty()) {
        fmt::print("paused: {}\n", escape_for_terminal(status.pause_reason, Newlines::keep));
    }
    for (const std::string& line : failure_lines(status, page))
        fmt::print("{}\n", line);
    for (const SelectStatus& select : status.selects) {
        fmt::print("{}\n", escape_for_terminal(select.explanation, Newlines::keep));
    }
    fmt::print("\n");
    for (const std::string& line : summary_lines(summary))
        fmt::print("{}\n", line);
    if (const auto goodput = measure_goodput(reader)) {
        for (const std::string& line : goodput_lines(*goodput))
            fmt::print("{}\n", line);
    }
    fmt::print("\n{}\nnext: {}\n", escape_for_terminal(root), next_command(status, root));
}

CoordinatorSettings make_settings(const OpenedSweep& opened, Holder self) {
    CoordinatorSettings settings;
    settings.layout = opened.layout;
    settings.sweep_hash = opened.hash;
    settings.self = std::move(self);
    settings.environment = current_environment();
    settings.write_tables = [&opened] { return write_tables(opened); };
    return settings;
}

// Where the agents of a cluster find the coordinator. The part that only submits talks to nobody.
Result<void> choose_address(const OpenedSweep& opened, CoordinatorSettings& settings) {
    if (opened.sweep.backend == BackendKind::local || settings.only_submit) return {};
    auto address = find_address(opened.sweep.interface);
    if (!address) return fail_with_context(address.error(), "[net] interface");
    settings.address = std::move(*address);
    return {};
}

ExitCode exit_code(const ReignOutcome& outcome, int last_signal) {
    if (outcome.handed_over) return ExitCode::checkpointed;
    const bool done = outcome.status.phase == SweepPhase::complete;
    if (outcome.stops > 0 && !done) {
        const int by_signal = static_cast<int>(ExitCode::signal_base) + last_signal;
        return outcome.stops > 1 ? static_cast<ExitCode>(by_signal) : ExitCode::checkpointed;
    }
    return exit_code_of(outcome.status);
}

// A coordinator that waits for the silence of another one may take longer; it is left to itself.
constexpr Millis reign_within{10'000};
constexpr Millis look_every{20};

std::size_t count_epochs(Disk& disk, const SweepLayout& layout) {
    const auto epochs = list_segments(disk, layout.journal());
    return epochs ? epochs->size() : 0;
}

Result<void> explain_log(Disk& disk, const SweepLayout& layout) {
    constexpr std::size_t lines_shown = 20;
    const std::string path = layout.root + "/coordinator.log";
    const auto log = disk.read(path);
    return fail(
        ErrorCode::conflict,
        fmt::format(
            "the coordinator did not start ({}):\n{}",
            path,
            fmt::join(tail_lines(log.value_or(""), lines_shown), "\n")
        )
    );
}

}  // namespace

Result<OpenedSweep> open_sweep(const SweepLayout& layout) {
    PosixDisk disk;
    auto text = disk.read(layout.sweep_file());
    if (!text) return fail_with_context(text.error(), "opening the sweep " + layout.root);
    auto sweep = parse_frozen(*text, layout);
    if (!sweep) return tl::unexpected(sweep.error());
    return OpenedSweep{layout, std::move(*sweep), hash_text(*text)};
}

Result<ExitCode> run_here(const Context& context, const OpenedSweep& opened, const RunMode& mode) {
    const Display display = mode.display;
    // Whoever read our lines may go (`| head`); the sweep goes on.
    std::signal(SIGPIPE, SIG_IGN);
    std::unique_ptr<SignalStop> own_stop;
    if (mode.stop == nullptr) {
        auto made = SignalStop::make();  // before any thread is started
        if (!made) return tl::unexpected(made.error());
        own_stop = std::move(*made);
    }
    SignalStop& stop = mode.stop == nullptr ? *own_stop : *mode.stop;
    auto self = this_holder(mode.job);
    if (!self) return tl::unexpected(self.error());
    // Connections of strangers cost descriptors until they are thrown out; the usual 1024 would be
    // used up by them. Units keep the limit of the user.
    const std::uint64_t descriptors = raise_descriptor_limit();
    CoordinatorSettings settings = make_settings(opened, std::move(*self));
    settings.on_stop = mode.on_stop;
    settings.only_submit = mode.only_submit;
    settings.allocation = mode.allocation;
    settings.leaves_at_once = mode.leaves_at_once;
    if (auto placed = choose_address(opened, settings); !placed) {
        return tl::unexpected(placed.error());
    }
    ProgressDisplay progress(context.terminal);
    if (display == Display::live) {
        settings.log = [&](std::string_view line) { progress.say(line); };
        settings.progress = [&](const SweepStatus& status) {
            progress.show(read_clocks(), status);
        };
    } else {
        settings.log = [](std::string_view line) {
            say_line(stderr, fmt::format("{} {}", format_utc(read_clocks().unix), line));
        };
    }
    auto backend = make_backend(
        opened,
        {.descriptors = descriptors, .log = settings.log, .is_awaited = settings.only_submit}
    );
    if (!backend) return tl::unexpected(backend.error());
    PosixDisk disk;
    auto outcome = run_coordinator(settings, opened.sweep, **backend, disk, stop);
    progress.finish();
    if (!outcome) return tl::unexpected(outcome.error());
    const auto reader = read_sweep(disk, opened);
    if (!reader) return tl::unexpected(reader.error());
    if (outcome->handed_over) return exit_code(*outcome, stop.last_signal());
    // Whether anybody watched or not: a detached sweep leaves the same files.
    const auto written = write_stamped_tables(*reader, format_stamp(outcome->status.at_unix));
    if (!written) return fail_with_context(written.error(), "writing the tables");
    if (display == Display::live) {
        print_ending(context, *reader, outcome->status, written->summary);
    }
    return exit_code(*outcome, stop.last_signal());
}

Result<void> run_detached(const SweepLayout& layout) {
    PosixDisk disk;
    const std::size_t before = count_epochs(disk, layout);
    auto started = WatchedProcess::start({
        .argv = {layout.program(), "coordinator", "--sweep", layout.root},
        .environment = current_environment(),
        .output = layout.root + "/coordinator.log",
        .new_session = true,
    });
    if (!started) return fail_with_context(started.error(), "starting the coordinator");
    // Until it reigns `watch` and `cancel` would find nobody, and what keeps it from reigning would
    // stand in a log that nobody looks at.
    for (Millis waited{0}; waited < reign_within; waited += look_every) {
        if (count_epochs(disk, layout) > before) return {};
        if (const auto end = started->ended()) {
            const bool well = end->exit_code == 0 && end->signal == 0;
            return well ? Result<void>() : explain_log(disk, layout);
        }
        pollfd waiting{.fd = started->descriptor(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, static_cast<int>(look_every.count()));
    }
    return {};
}

}  // namespace xorch
