#include "tools/cli/doctor/probe/machine.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "core/io/descriptor.h"
#include "core/io/run_program.h"
#include "slurm/fields.h"
#include "worker/os/hardware.h"

namespace xorch {

namespace {

// A module system's wrapper may read a slow file system first.
constexpr Millis program_time{20'000};
constexpr std::size_t models_max = 16;

// What a program prints; nothing if there is none, or if it fails.
std::string printed(
    const std::vector<std::string>& argv, const std::vector<std::string>& environment
) {
    const auto program = find_program(argv.front(), environment, "");
    if (!program) return "";
    const auto run = run_program(
        {.program = *program, .argv = argv, .environment = environment}, {.time = program_time}
    );
    return run && run->exit_code == 0 ? run->output : "";
}

std::string version_of(const std::string& program, const std::vector<std::string>& environment) {
    const std::string text = printed({program, "--version"}, environment);
    return std::string(first_line(text.substr(0, text.find('\n'))));
}

std::vector<std::string> find_missing_calls() {
    std::vector<std::string> missing;
    const Descriptor self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U)));
    if (!self.is_open()) missing.emplace_back("pidfd_open");
    // No descriptor is so high: nothing happens.
    constexpr unsigned none = 1U << 30U;
    if (::syscall(SYS_close_range, none, none, CLOSE_RANGE_CLOEXEC) != 0) {
        missing.emplace_back("close_range");
    }
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    const Descriptor root(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how))
    );
    if (!root.is_open()) missing.emplace_back("openat2");
    return missing;
}

Bytes installed_memory() {
    struct sysinfo system {};

    ::sysinfo(&system);
    return Bytes{std::uint64_t{system.totalram} * system.mem_unit};
}

// "GPU 0: NVIDIA A100-SXM4-40GB (UUID: ...)" -> "NVIDIA A100-SXM4-40GB"
std::string model_in(std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) line.remove_prefix(colon + 2);
    return std::string(first_line(line.substr(0, line.find(" (UUID"))));
}

}  // namespace

MachineFacts probe_machine(const std::vector<std::string>& environment) {
    utsname names{};
    ::uname(&names);
    MachineFacts machine{
        .host = host_name(),
        .kernel = names.release,
        .missing_calls = find_missing_calls(),
        .cpus = static_cast<std::uint32_t>(usable_cpus().size()),
        .cpus_online = static_cast<std::uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))),
        .memory = usable_memory(),
        .memory_installed = installed_memory(),
        .bash = version_of("bash", environment),
        .python3 = version_of("python3", environment),
        .gpus = usable_gpus(),
    };
    if (const char* visible = find_variable(environment, "CUDA_VISIBLE_DEVICES")) {
        machine.visible_gpus = first_line(visible);
    }
    const std::string listed = printed({"nvidia-smi", "--list-gpus"}, environment);
    for (const std::string_view line : split_lines(listed)) {
        if (machine.gpu_models.size() < models_max) machine.gpu_models.push_back(model_in(line));
    }
    return machine;
}

std::optional<RunnerFacts> probe_runner(
    const std::string& program, const std::vector<std::string>& environment
) {
    if (::access(program.c_str(), X_OK) != 0) return std::nullopt;
    RunnerFacts runner;
    const auto run = run_program(
        {
            .program = program, .argv = {program, "devices"},
                 .environment = environment
    },
        {.time = program_time}
    );
    if (!run || run->exit_code != 0) {
        runner.problem = run ? last_lines(run->error_output) : run.error().message;
        return runner;
    }
    for (const std::string_view line : split_lines(run->output)) {
        const std::size_t tab = std::min(line.find('\t'), line.size());
        const std::string_view name = line.substr(0, tab);
        const std::string value(line.substr(std::min(tab + 1, line.size())));
        if (name == "mpi") runner.mpi = value;
        if (name == "nccl") runner.nccl = value;
        if (name == "no_gpus") runner.no_gpus = value;
        if (name == "gpu" && runner.gpus.size() < models_max) runner.gpus.push_back(value);
    }
    return runner;
}

}  // namespace xorch
