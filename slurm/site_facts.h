#pragma once

// What the site's own commands say about the cluster: read once by `xorch doctor` and before a
// first submission. Everything may be missing or in the words of another version, so each fact is
// known or it is not; a decision never needs one. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/sweep.h"
#include "core/time.h"
#include "slurm/time_text.h"

namespace xorch {

// `scontrol show config`.
struct SiteConfig {
    std::string version;
    std::string cluster;
    std::string process_tracking;  // ProctrackType
    std::string mpi_default;
    std::string preempt_type;
    std::optional<bool> requeues;  // JobRequeue: jobs are requeued unless they say no
    std::optional<bool> signals_before_preemption;
    std::optional<Millis> kill_wait;          // from TERM to KILL
    std::optional<Millis> over_time;          // how long a job may pass its limit
    std::optional<Millis> forgets_after;      // MinJobAge: then squeue does not know a job any more
    std::optional<Millis> silent_node_after;  // SlurmdTimeout
};

// One controller as `scontrol ping` lists it.
struct SiteController {
    std::string role;  // "primary", "backup", ...
    std::string host;
    bool is_up = false;

    friend bool operator==(const SiteController&, const SiteController&) = default;
};

// One partition; sizes are those of its largest node.
struct PartitionFacts {
    std::string name;
    bool is_default = false;
    bool is_up = false;
    std::optional<TimeLimit> time_max;
    std::optional<TimeLimit> time_default;
    std::optional<std::uint32_t> nodes_per_job;  // nothing = as many as there are, or unknown
    std::uint32_t nodes = 0;                     // also those that are down
    std::uint32_t nodes_working = 0;
    std::uint32_t cpus_per_node = 0;
    std::uint32_t gpus_per_node = 0;
    Bytes memory_per_node{0};

    friend bool operator==(const PartitionFacts&, const PartitionFacts&) = default;
};

std::vector<std::string> show_config_argv();
std::vector<std::string> ping_argv();
std::vector<std::string> sinfo_argv();
std::vector<std::string> show_partitions_argv();

// unavailable if nothing in the text looks like a setting, a controller, a partition.
Result<SiteConfig> parse_config(std::string_view output);
Result<std::vector<SiteController>> parse_ping(std::string_view output);
Result<std::vector<PartitionFacts>> parse_sinfo(std::string_view output);

// Partition -> GraceTime, of `scontrol show partition`: how long a preempted job may go on.
std::map<std::string, Millis> parse_grace_times(std::string_view output);

// "gpu:2", "gpu:a100:4(S:0-1),shard:8" -> 2, 4. 0 if it names none.
std::uint32_t count_gpus(std::string_view gres);

}  // namespace xorch
