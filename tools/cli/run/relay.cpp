// The hidden verb of batch jobs: finds out which allocation of which sweep this job is.

#include "slurm/relay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "coordinator/recovery.h"
#include "core/io/clock.h"
#include "core/io/console.h"
#include "core/io/posix_disk.h"
#include "core/io/process.h"
#include "slurm/slurm_backend.h"
#include "slurm/time_text.h"
#include "tools/cli/run/local_run.h"
#include "tools/cli/verbs.h"

namespace xorch {

namespace {

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Slurm says it from 23.02 on. Before, the limit that was asked for counts from now on, a little
// early: the job began before its first process did. The coordinator asks the queue later.
Millis find_end(const Sweep& sweep) {
    if (const auto said = parse_time_stamp(from_environment("SLURM_JOB_END_TIME"))) return *said;
    if (sweep.slurm.time == Millis{0}) return Millis{0};
    constexpr Millis start_up{5'000};
    const Millis limit = std::chrono::ceil<std::chrono::minutes>(sweep.slurm.time);
    return read_clocks().unix + limit - start_up;
}

// The journal's word on which allocation this job is. not_found: this job is none of its.
Result<AllocationId> find_allocation(const OpenedSweep& opened, const std::string& token) {
    PosixDisk disk;
    const auto read = read_state(disk, opened.layout, opened.sweep);
    if (!read) return tl::unexpected(read.error());
    const auto& all = read->state.allocations();
    const auto found = std::find_if(all.begin(), all.end(), [&](const AllocationState& each) {
        return each.token == token;
    });
    if (found == all.end()) {
        return fail(ErrorCode::not_found, fmt::format("the sweep has no allocation {}", token));
    }
    const std::string job = from_environment("SLURM_JOB_ID");
    if (found->ended) {
        return fail(ErrorCode::not_found, fmt::format("allocation {} has ended", token));
    }
    if (found->submitted && found->job != job) {
        return fail(
            ErrorCode::not_found, fmt::format("allocation {} is job {}", token, found->job)
        );
    }
    return found->allocation;
}

Result<ExitCode> relay(const Context& context) {
    if (auto held = hold_relay_signals(); !held) return tl::unexpected(held.error());
    const std::string directory = std::filesystem::current_path();
    const std::string name = from_environment("SLURM_JOB_NAME");
    const std::string token = token_of_job_name(directory, name);
    if (token.empty()) {
        return fail(
            ErrorCode::usage,
            fmt::format(
                "\"{}\" is no job of the sweep in {}; jobs run this by themselves", name, directory
            )
        );
    }
    auto opened = open_sweep(SweepLayout{directory});
    if (!opened) return tl::unexpected(opened.error());
    const auto allocation = find_allocation(*opened, token);
    if (!allocation) {
        // No failure: the sweep went on without this job.
        if (allocation.error().code != ErrorCode::not_found) {
            return tl::unexpected(allocation.error());
        }
        say_line(stderr, "nothing to do: " + allocation.error().message);
        return ExitCode::complete;
    }
    auto nodes = parse_job_nodes(
        from_environment("SLURM_JOB_NODELIST"), from_environment("SLURM_JOB_CPUS_PER_NODE")
    );
    if (!nodes) return tl::unexpected(nodes.error());
    RelaySettings settings;
    settings.program = context.program;
    settings.directory = directory;
    settings.allocation = *allocation;
    settings.end_unix = find_end(opened->sweep);
    settings.nodes = std::move(*nodes);
    settings.runs_coordinator = opened->sweep.slurm.place == SlurmPlace::allocation;
    settings.environment = current_environment();
    // Nobody waits longer for an agent that does not speak.
    settings.leave_within = opened->sweep.tuning.lost_after;
    if (auto relayed = run_relay(settings); !relayed) return tl::unexpected(relayed.error());
    return ExitCode::complete;
}

}  // namespace

void add_relay(CLI::App& app, Context& context) {
    add_verb(
        app,
        context,
        {.name = "relay",
         .group = VerbGroup::hidden,
         .purpose = "Be a batch job of the sweep in this directory",
         .example = ""},
        [&context] { return relay(context); }
    );
}

}  // namespace xorch
