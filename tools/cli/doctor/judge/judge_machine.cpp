// This machine, and a compute node as a machine.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/text.h"
#include "tools/cli/doctor/judge/judge.h"

namespace xorch {

namespace {

// A sweep of a day with thousands of records stays below it; checkpoints may need more.
constexpr Bytes space_low{1ULL << 30U};
constexpr Bytes space_none{16ULL << 20U};
constexpr std::uint64_t files_low = 1'000;
// Each group commit waits for one.
constexpr Millis sync_slow{250};

std::string spell_size(Bytes size) {
    const auto gibibytes = static_cast<double>(size.value) / static_cast<double>(1ULL << 30U);
    return fmt::format("{:.1f} GiB", gibibytes);
}

SiteFinding judge_kernel(const MachineFacts& machine) {
    SiteFinding finding{.name = "kernel", .state = FindingState::ok};
    finding.seen = "Linux " + machine.kernel;
    finding.action = "all system calls that xorch uses are there";
    const auto& missing = machine.missing_calls;
    if (missing.empty()) return finding;
    finding.seen += fmt::format(", without {}", fmt::join(missing, ", "));
    const bool is_blind = std::find(missing.begin(), missing.end(), "pidfd_open") != missing.end();
    finding.state = is_blind ? FindingState::problem : FindingState::note;
    finding.action = is_blind ? "xorch cannot watch the processes that it starts; it needs Linux "
                                "5.3, and a container that lets it call pidfd_open"
                              : "xorch does without";
    return finding;
}

SiteFinding judge_cpus(const MachineFacts& machine, const std::string& where) {
    const bool bound = machine.cpus < machine.cpus_online;
    return {
        .name = "cpus",
        .state = FindingState::ok,
        .seen = fmt::format(
            "{} usable{}",
            machine.cpus,
            bound ? fmt::format(" of {} (processes are bound to them)", machine.cpus_online) : ""
        ),
        .action = where == "here"
                      ? "a local sweep runs so many units of one CPU at once, or local.slots"
                      : "an agent fills the job's share of the node, whether or not it is bound",
    };
}

SiteFinding judge_memory(const MachineFacts& machine) {
    const bool limited = machine.memory < machine.memory_installed;
    return {
        .name = "memory",
        .state = FindingState::ok,
        .seen = fmt::format(
            "{} usable{}",
            spell_size(machine.memory),
            limited ? fmt::format(
                          " of {} (the limit of a cgroup)", spell_size(machine.memory_installed)
                      )
                    : ""
        ),
        .action = "units with resources.memory share it; one that takes more is ended alone",
    };
}

SiteFinding judge_interpreter(
    const std::string& name, const std::string& version, std::string without
) {
    if (version.empty()) {
        return {
            .name = name,
            .state = FindingState::note,
            .seen = "not on PATH",
            .action = std::move(without),
        };
    }
    return {
        .name = name,
        .state = FindingState::ok,
        .seen = version,
        .action = name == "bash" ? "sources the script of [env] setup"
                                 : "what argv = [\"python3\", ...] starts, unless [env] changes it",
    };
}

SiteFinding judge_gpus(const MachineFacts& machine) {
    SiteFinding finding{.name = "gpus", .state = FindingState::ok};
    finding.seen = machine.gpus == 0 ? "none usable" : count_of(machine.gpus, "GPU");
    if (!machine.visible_gpus.empty()) {
        finding.seen += fmt::format(" (CUDA_VISIBLE_DEVICES={})", machine.visible_gpus);
    }
    if (!machine.gpu_models.empty()) {
        finding.seen += fmt::format(": {}", fmt::join(machine.gpu_models, "; "));
    }
    finding.action = machine.gpus == 0 ? "units with resources.gpus cannot run there"
                                       : "units get whole ones by resources.gpus";
    if (machine.gpus > 0 && machine.gpu_models.empty()) {
        finding.state = FindingState::note;
        finding.seen += ", but nvidia-smi lists none";
        finding.action += "; if they should be NVIDIA's, look at the driver";
    }
    return finding;
}

}  // namespace

std::vector<SiteFinding> judge_machine(const MachineFacts& machine, const std::string& where) {
    std::vector<SiteFinding> findings{
        judge_kernel(machine),
        judge_cpus(machine, where),
        judge_memory(machine),
        judge_gpus(machine),
        judge_interpreter("bash", machine.bash, "sweeps with [env] setup cannot run there"),
        judge_interpreter(
            "python3",
            machine.python3,
            "name an interpreter by its path in argv, or let [env] setup load one"
        ),
    };
    for (SiteFinding& finding : findings)
        finding.where = where;
    return findings;
}

SiteFinding judge_runner(const RunnerFacts& runner) {
    SiteFinding finding{.where = "here", .name = "gangs", .state = FindingState::note};
    if (!runner.problem.empty()) {
        finding.seen = "xorch-runner does not say: " + runner.problem;
        finding.action = "native units will not start either; build xorch again";
        return finding;
    }
    if (runner.mpi.empty()) {
        finding.seen = "xorch-runner is built without MPI";
        finding.action =
            "native units have one rank: apt-get install libopenmpi-dev openmpi-bin, build again";
        return finding;
    }
    finding.state = FindingState::ok;
    finding.seen = runner.mpi;
    finding.action = "native units can have several ranks (resources.ranks)";
    if (runner.nccl.empty()) {
        finding.seen += "; no NCCL";
        finding.action += ", on CPUs";
        return finding;
    }
    finding.seen += fmt::format("; NCCL: {}, compiled, never run here; ", runner.nccl);
    if (runner.gpus.empty()) {
        finding.seen += fmt::format("CUDA lists no GPU ({})", runner.no_gpus);
    } else {
        finding.seen += fmt::format("CUDA lists {}", fmt::join(runner.gpus, "; "));
        finding.action += "; those on GPUs have never been tested";
    }
    return finding;
}

SiteFinding judge_folder(const FolderFacts& folder, const std::string& where) {
    SiteFinding finding{.where = where, .name = "home", .state = FindingState::ok};
    if (!folder.problems.empty()) {
        finding.state = FindingState::problem;
        finding.seen = fmt::format("{}: {}", folder.path, fmt::join(folder.problems, "; "));
        finding.action =
            "a journal there would not be safe: `export XORCH_HOME=DIR` with a DIR on another file "
            "system";
        return finding;
    }
    finding.seen = fmt::format(
        "{} ({}): create, link, rename and fsync work, a sync takes {}, {} free",
        folder.path,
        folder.type,
        spell_duration(folder.sync),
        spell_size(folder.free)
    );
    finding.action = "sweeps live there";
    const bool few_files = folder.counts_files && folder.files_free < files_low;
    if (few_files) finding.seen += fmt::format(", room for {} files", folder.files_free);
    if (folder.free < space_low || few_files) {
        const bool nothing = folder.free < space_none || (few_files && folder.files_free == 0);
        finding.state = nothing ? FindingState::problem : FindingState::note;
        finding.action =
            "make space there, or `export XORCH_HOME=DIR` with another DIR; a sweep "
            "that finds the disk full waits until there is space";
    } else if (folder.sync >= sync_slow) {
        finding.state = FindingState::note;
        finding.action += "; results are acknowledged no faster than it syncs";
    }
    return finding;
}

}  // namespace xorch
