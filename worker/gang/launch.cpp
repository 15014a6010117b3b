#include "worker/gang/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/io/spawn.h"

namespace xorch {

namespace {

// What srun and mpirun must know of the job. All others of Slurm's variables are wishes of the step
// or of the batch job, which would count for the gang.
constexpr std::array<std::string_view, 15> job_variables{
    "SLURM_JOB_ID",
    "SLURM_JOBID",
    "SLURM_CONF",
    "SLURM_CONF_SERVER",
    "SLURM_JWT",
    "SLURM_CLUSTER_NAME",
    "SLURM_WORKING_CLUSTER",
    "SLURM_JOB_NODELIST",
    "SLURM_NODELIST",
    "SLURM_JOB_NUM_NODES",
    "SLURM_NNODES",
    "SLURM_JOB_CPUS_PER_NODE",
    "SLURM_TASKS_PER_NODE",
    "SLURM_JOB_UID",
    "SLURM_JOB_USER",
};

std::string_view name_of(std::string_view entry) {
    return entry.substr(0, entry.find('='));
}

bool is_of_job(std::string_view name) {
    return std::find(job_variables.begin(), job_variables.end(), name) != job_variables.end();
}

// By these an MPI program that srun started finds out that it was: Open MPI asks for the step.
bool is_for_mpi(std::string_view name) {
    return name == "SLURM_STEP_ID" || name == "SLURM_NODELIST" || name == "SLURM_JOB_ID" ||
           name == "SLURM_JOBID" || name == "SLURM_STEPID";
}

std::vector<std::string> srun_argv(const GangLaunch& launch) {
    return {
        "srun",
        // Agents and single units use the same nodes.
        "--overlap",
        "--exact",
        fmt::format("--nodes={}", launch.hosts.size()),
        fmt::format("--ntasks={}", rank_count(launch.hosts)),
        "--distribution=arbitrary",
        fmt::format("--cpus-per-task={}", std::max(launch.resources.cpus, 1U)),
        // All that the job has: the ranks watch their own.
        "--mem=0",
        "--cpu-bind=none",
        "--mpi=" + (launch.mpi.empty() ? "pmix" : launch.mpi),
        "--kill-on-bad-exit=1",
        // A rank may be done long before the others.
        "--wait=0",
        "--input=none",
        // An interrupt is the ranks' at once; srun would show a status first.
        "--disable-status",
    };
}

std::vector<std::string> mpirun_argv(const GangLaunch& launch) {
    std::vector<std::string> argv{
        "mpirun",
        "-np",
        std::to_string(rank_count(launch.hosts)),
        "--oversubscribe",
        "--bind-to",
        "none",
    };
    const auto parameter = [&](std::string_view name, std::string_view value) {
        argv.insert(argv.end(), {"--mca", std::string(name), std::string(value)});
    };
    // Ranks that wait in a loop would take the CPU from those that work.
    if (launch.oversubscribed) parameter("mpi_yield_when_idle", "1");
    if (!launch.in_job) return argv;
    parameter("plm_slurm_args", "--overlap --mem=0 --cpu-bind=none");
    std::string hosts;
    for (const RankHost& host : launch.hosts)
        hosts += fmt::format("{}{}:{}", hosts.empty() ? "" : ",", host.node, host.ranks);
    argv.insert(argv.end(), {"--host", hosts, "--map-by", "slot"});
    return argv;
}

}  // namespace

GangLauncher launcher_of(const Sweep& sweep) {
    return sweep.backend == BackendKind::slurm ? sweep.slurm.launcher : GangLauncher::mpirun;
}

std::uint32_t rank_count(const std::vector<RankHost>& hosts) {
    std::uint32_t count = 0;
    for (const RankHost& host : hosts)
        count += host.ranks;
    return count;
}

std::string launcher_name(GangLauncher launcher) {
    return launcher == GangLauncher::srun ? "srun" : "mpirun";
}

Result<std::string> find_launcher(
    GangLauncher launcher, const std::vector<std::string>& environment, const std::string& directory
) {
    const std::string name = launcher_name(launcher);
    auto found = find_program(name, environment, directory);
    if (found) return found;
    return fail(
        ErrorCode::not_found,
        fmt::format(
            "a unit of several ranks needs {}: {}; on Debian: apt-get install {}",
            name,
            found.error().message,
            launcher == GangLauncher::srun ? "slurm-client" : "openmpi-bin"
        )
    );
}

std::vector<std::string> launch_argv(const GangLaunch& launch) {
    return launch.launcher == GangLauncher::srun ? srun_argv(launch) : mpirun_argv(launch);
}

std::string rank_nodes(const std::vector<RankHost>& hosts) {
    std::string lines;
    for (const RankHost& host : hosts) {
        for (std::uint32_t i = 0; i < host.ranks; ++i)
            lines += host.node + "\n";
    }
    return lines;
}

std::vector<std::string> launch_environment(
    std::vector<std::string> unit, const std::vector<std::string>& own, const std::string& hostfile
) {
    std::erase_if(unit, [](const std::string& entry) {
        const std::string_view name = name_of(entry);
        return name.starts_with("SLURM_") || name.starts_with("SRUN_");
    });
    for (const std::string& entry : own) {
        if (is_of_job(name_of(entry))) unit.push_back(entry);
    }
    set_variable(unit, "SLURM_HOSTFILE", hostfile);
    // In a container everybody is root, and mpirun refuses to work for root unless told twice.
    set_variable(unit, "OMPI_ALLOW_RUN_AS_ROOT", "1");
    set_variable(unit, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    return unit;
}

std::vector<std::string> without_launcher(
    const std::vector<std::string>& environment, bool keep_slurm
) {
    std::vector<std::string> kept;
    for (const std::string& entry : environment) {
        const std::string_view name = name_of(entry);
        const bool is_slurms = name.starts_with("SLURM") || name.starts_with("SRUN_");
        if (!is_slurms || keep_slurm || is_for_mpi(name)) kept.push_back(entry);
    }
    return kept;
}

}  // namespace xorch
