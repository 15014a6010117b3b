#pragma once

// What a batch job runs: the parent of everything of one allocation. It starts one keeper per node
// through srun, and a coordinator that reigns or stands by, starts again what dies, and ends when
// the keepers have left in order, or when the sweep is over, or when it is told to. It decides
// nothing about units and holds no state. One thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ids.h"
#include "core/time.h"

namespace xorch {

struct RelayNode {
    std::string name;
    std::uint32_t cpus = 1;  // that the job has there

    friend bool operator==(const RelayNode&, const RelayNode&) = default;
};

struct RelaySettings {
    std::string program;    // the sweep's copy of xorch
    std::string directory;  // of the sweep
    AllocationId allocation;
    Millis end_unix{0};  // of the allocation; 0 = unknown
    std::vector<RelayNode> nodes;
    bool runs_coordinator = true;
    std::vector<std::string> environment;

    Millis retry_first{500};  // pause before what died at once is started again; doubles
    Millis retry_max{30'000};
    Millis settled_after{10'000};  // what lived so long did not die of how it was started
    int quick_failures_max = 8;    // in a row, of one node's keeper: then the node is left alone
    Millis leave_within{60'000};   // keepers of a sweep that is over, before they are killed
    Millis coordinator_leaves{60'000};  // and the coordinator, which writes its last tables, later
};

// Whether `xorch coordinator` says by its exit code that the sweep is over: complete, incomplete,
// with failed units, with a gate not met. After any other it is started again.
constexpr bool means_over(int exit_code) {
    return exit_code == 0 || (exit_code >= 3 && exit_code <= 5);
}

// From now on a signal waits for run_relay() instead of ending this process: Slurm may send USR2 as
// soon as a short job starts. For whoever has something to do before; no thread may run yet.
Result<void> hold_relay_signals();

// TERM, INT and HUP: the job is to end; everybody is told, nothing is started again.
Result<void> run_relay(const RelaySettings& settings);

// What SLURM_JOB_NODELIST and SLURM_JOB_CPUS_PER_NODE ("4(x2),8") say, in Slurm's order.
Result<std::vector<RelayNode>> parse_job_nodes(
    std::string_view node_list, std::string_view cpus_per_node
);

// srun for one process on one node of the job, which follows; it shares all that the job has there.
std::vector<std::string> step_argv(const RelayNode& node);

// The same with a keeper.
std::vector<std::string> keeper_argv(const RelaySettings& settings, const RelayNode& node);

// `environment` without what would make srun ask for something else than its arguments say.
std::vector<std::string> srun_environment(const std::vector<std::string>& environment);

}  // namespace xorch
