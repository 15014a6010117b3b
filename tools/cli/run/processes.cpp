// The hidden verbs: the processes that xorch starts of itself. Nobody types these; what they need
// beyond a few numbers they read from the sweep's directory.

#include <fmt/format.h>

#include <cstdint>

#include "core/io/clock.h"
#include "core/io/descriptor.h"
#include "core/io/process.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/run/slurm_run.h"
#include "tools/cli/verbs.h"
#include "worker/agent_loop.h"
#include "worker/keeper.h"
#include "worker/rank/rank_process.h"

namespace xorch {

namespace {

struct ProcessOptions {
    std::string sweep;
    std::uint32_t allocation = 0;
    std::string incarnation;
    std::int64_t end_boot_ms = 0;
    std::int64_t end_unix_s = 0;
    std::uint64_t descriptors = 0;
    bool leaves = false;
};

Result<ExitCode> coordinator(const Context& context, const ProcessOptions& options) {
    auto opened = open_sweep(SweepLayout{options.sweep});
    if (!opened) return tl::unexpected(opened.error());
    if (options.allocation == 0) return run_here(context, *opened, {.display = Display::quiet});
    const AllocationId allocation{options.allocation};
    return run_in_allocation(context, *opened, allocation, options.leaves);
}

Result<ExitCode> keeper(const Context& context, const ProcessOptions& options) {
    if (options.descriptors != 0) set_descriptor_limit(options.descriptors);
    KeeperSettings settings;
    settings.agent_command = {context.program, "agent"};
    settings.layout = SweepLayout{options.sweep};
    settings.allocation = AllocationId{options.allocation};
    settings.allocation_end_boot = Millis{options.end_boot_ms};
    settings.allocation_end_unix = std::chrono::seconds{options.end_unix_s};
    if (auto kept = run_keeper(settings); !kept) return tl::unexpected(kept.error());
    return ExitCode::complete;
}

Result<ExitCode> agent(const ProcessOptions& options) {
    auto opened = open_sweep(SweepLayout{options.sweep});
    if (!opened) return tl::unexpected(opened.error());
    const auto incarnation = parse_incarnation(options.incarnation);
    if (!incarnation) return fail(ErrorCode::usage, "--incarnation wants 16 hexadecimal digits");
    AgentLoopSettings settings;
    settings.layout = opened->layout;
    settings.allocation = AllocationId{options.allocation};
    settings.incarnation = *incarnation;
    settings.allocation_end_boot = Millis{options.end_boot_ms};
    if (options.end_boot_ms == 0 && options.end_unix_s != 0) {
        const Now now = read_clocks();
        const Millis end_unix = std::chrono::seconds{options.end_unix_s};
        settings.allocation_end_boot = now.boot + (end_unix - now.unix);
    }
    settings.capacity = measure_capacity(opened->sweep);
    if (auto left = run_agent(opened->sweep, settings); !left) return tl::unexpected(left.error());
    return ExitCode::complete;
}

// The program's own code says how the rank ended: the launcher acts on it.
Result<ExitCode> rank(const std::string& folder) {
    const auto ended = run_rank(folder, current_environment());
    if (!ended) return tl::unexpected(ended.error());
    return static_cast<ExitCode>(*ended);
}

void add_sweep_option(Verb& verb, ProcessOptions& options) {
    verb.option("--sweep", options.sweep, "The sweep's directory").required();
}

void add_allocation_options(Verb& verb, ProcessOptions& options) {
    add_sweep_option(verb, options);
    verb.option("--allocation", options.allocation, "The allocation's number").required();
    verb.option("--end-boot-ms", options.end_boot_ms, "Its end on the boot clock; 0: without end");
    verb.option("--end-unix-s", options.end_unix_s, "Its end in unix time; 0: unknown");
}

}  // namespace

void add_coordinator(CLI::App& app, Context& context) {
    auto& options = context.keep<ProcessOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "coordinator",
         .group = VerbGroup::hidden,
         .purpose = "Reign over a sweep, detached",
         .example = ""},
        [&context, &options] { return coordinator(context, options); }
    );
    add_sweep_option(verb, options);
    verb.option(
        "--allocation",
        options.allocation,
        "Stand by and reign as a part of this allocation; 0: reign at once or not at all"
    );
    verb.flag(
        "--leaves", options.leaves, "The allocation ends: only see to it that another one comes"
    );
}

void add_keeper(CLI::App& app, Context& context) {
    auto& options = context.keep<ProcessOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "keeper",
         .group = VerbGroup::hidden,
         .purpose = "Keep an agent on this node",
         .example = ""},
        [&context, &options] { return keeper(context, options); }
    );
    add_allocation_options(verb, options);
    verb.option("--descriptors", options.descriptors, "Open files of a process; 0: as they are");
}

void add_agent(CLI::App& app, Context& context) {
    auto& options = context.keep<ProcessOptions>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "agent",
         .group = VerbGroup::hidden,
         .purpose = "Run units on this node",
         .example = ""},
        [&options] { return agent(options); }
    );
    add_allocation_options(verb, options);
    verb.option("--incarnation", options.incarnation, "This life of the agent").required();
}

void add_rank(CLI::App& app, Context& context) {
    auto& folder = context.keep<std::string>();
    Verb verb = add_verb(
        app,
        context,
        {.name = "rank",
         .group = VerbGroup::hidden,
         .purpose = "Be a rank of a gang",
         .example = ""},
        [&folder] { return rank(folder); }
    );
    verb.option("folder", folder, "The gang's folder").required();
}

}  // namespace xorch
