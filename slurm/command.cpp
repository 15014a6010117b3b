#include "slurm/command.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/io/descriptor.h"
#include "slurm/fields.h"

namespace xorch {

namespace {

constexpr std::array prefixes{
    "SLURM_",
    "SLURMD_",
    "SBATCH_",
    "SALLOC_",
    "SRUN_",
    "SQUEUE_",
    "SCANCEL_",
    "SINFO_",
    "SACCT_",
    "SCONTROL_",
    "PMI_",
    "PMIX_"};

// Set in a job for the devices of its nodes.
constexpr std::array devices{
    "CUDA_VISIBLE_DEVICES=", "GPU_DEVICE_ORDINAL=", "ROCR_VISIBLE_DEVICES=", "ZE_AFFINITY_MASK="};

template <std::size_t count>
bool starts_with_one_of(std::string_view entry, const std::array<const char*, count>& list) {
    return std::any_of(list.begin(), list.end(), [&](const char* each) {
        return entry.starts_with(each);
    });
}

// A file in memory instead of a pipe: nobody has to write while somebody else waits to be read.
Result<Descriptor> memory_file(std::string_view text) {
    Descriptor file(::memfd_create("stdin", MFD_CLOEXEC));
    if (!file.is_open()) return fail_from_errno("making a file in memory", errno);
    while (!text.empty()) {
        const ssize_t written = ::write(file.number(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_from_errno("writing a file in memory", errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::lseek(file.number(), 0, SEEK_SET) != 0) {
        return fail_from_errno("rewinding a file in memory", errno);
    }
    return file;
}

}  // namespace

Result<ProgramRun> run_command(
    const SlurmCommand& command, const std::vector<std::string>& environment
) {
    if (command.argv.empty()) return fail(ErrorCode::invalid_input, "there is no command to run");
    const auto program = find_program(command.argv.front(), environment, "");
    if (!program) return tl::unexpected(program.error());
    SpawnRequest request{
        .program = *program,
        .argv = command.argv,
        .environment = slurm_environment(environment),
    };
    Descriptor input;
    if (!command.input.empty()) {
        auto file = memory_file(command.input);
        if (!file) return tl::unexpected(file.error());
        input = std::move(*file);
        request.input = input.number();
    }
    return run_program(std::move(request), {.time = command.time, .bytes = command.bytes});
}

std::vector<std::string> slurm_environment(const std::vector<std::string>& environment) {
    const char* job = find_variable(environment, "SLURM_JOB_ID");
    std::vector<std::string> result;
    for (const std::string& entry : environment) {
        const bool where = entry.starts_with("SLURM_CONF=");
        if (!where && starts_with_one_of(entry, prefixes)) continue;
        if (job != nullptr && starts_with_one_of(entry, devices)) continue;
        result.push_back(entry);
    }
    set_variable(result, "SLURM_TIME_FORMAT", "%s");
    return result;
}

Result<std::string_view> output_of(const ProgramRun& run, std::string_view command) {
    if (run.exit_code == 0) return std::string_view(run.output);
    return fail(
        ErrorCode::unavailable, fmt::format("{} failed: {}", command, first_line(run.error_output))
    );
}

}  // namespace xorch
