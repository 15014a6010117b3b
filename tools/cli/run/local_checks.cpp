#include "tools/cli/run/local_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/io/process.h"
#include "core/io/spawn.h"
#include "worker/gang/launch.h"

namespace xorch {

namespace {

struct Need {
    std::string_view name;  // of the key under resources
    std::uint64_t each = 0;
    std::uint64_t whole = 0;  // 0 = unknown, but of GPUs
    std::string_view remedy;
};

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::invalid_input, std::move(message));
}

Result<void> check_stage(const Stage& stage, const Capacity& machine) {
    const Resources& asked = stage.resources;
    if (!asked.is_gang()) return {};
    if (asked.ranks_per_node > 0 && asked.ranks_per_node < asked.ranks) {
        return refuse(fmt::format(
            "stage \"{}\": {} ranks, at most {} on one node (resources.ranks_per_node), need {} "
            "nodes, but this machine is one; raise ranks_per_node, or submit with --backend slurm",
            stage.name,
            asked.ranks,
            asked.ranks_per_node,
            (asked.ranks - 1) / asked.ranks_per_node + 1
        ));
    }
    const std::array<Need, 3> needs{
        {{"cpus", asked.cpus, machine.cpus, "raise local.slots or lower resources.ranks"},
         {"gpus", asked.gpus, machine.gpus, "lower resources.ranks"},
         {"memory", asked.memory.value, machine.memory.value, "lower resources.ranks"}}
    };
    for (const Need& need : needs) {
        const bool is_known = need.whole > 0 || need.name == "gpus";
        if (!is_known || need.each * asked.ranks <= need.whole) continue;
        return refuse(fmt::format(
            "stage \"{}\": {} ranks of {} {} (resources.{}) on one node are {}, but this machine "
            "has {}; {}",
            stage.name,
            asked.ranks,
            need.each,
            need.name == "memory" ? "bytes" : need.name,
            need.name,
            need.each * asked.ranks,
            need.whole,
            need.remedy
        ));
    }
    return {};
}

}  // namespace

Result<void> check_gangs_here(const Sweep& sweep, const Capacity& machine) {
    for (const Stage& stage : sweep.stages) {
        if (auto fits = check_stage(stage, machine); !fits) return fits;
    }
    return {};
}

// Gangs are started by what PATH of the units finds; a set-up script may change that, and on Slurm
// it is another node's.
Result<void> check_launcher_here(const Sweep& sweep) {
    const bool has_gangs =
        std::any_of(sweep.stages.begin(), sweep.stages.end(), [](const Stage& stage) {
            return stage.resources.is_gang();
        });
    if (!has_gangs || sweep.backend == BackendKind::slurm || !sweep.env.setup.empty()) return {};
    std::vector<std::string> environment = current_environment();
    for (const auto& [name, value] : sweep.env.set)
        set_variable(environment, name, format_plain(value));
    if (auto found = find_launcher(launcher_of(sweep), environment, sweep.directory); !found) {
        return tl::unexpected(found.error());
    }
    return {};
}

}  // namespace xorch
