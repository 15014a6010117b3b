#include "worker/attempt/steps/environment.h"

#include <algorithm>
#include <filesystem>

#include "core/hash.h"
#include "core/io/spawn.h"
#include "worker/os/hardware.h"
#include "worker/os/setup_script.h"

namespace xorch {

namespace {

// Job managers' variables that make launchers believe that they are one task of many.
bool belongs_to_slurm(const std::string& entry) {
    for (const char* prefix : {"SLURM_", "SLURMD_", "SRUN_", "PMI_", "PMIX_"}) {
        if (entry.starts_with(prefix)) return true;
    }
    return false;
}

}  // namespace

Result<std::vector<std::string>> base_environment(
    const Sweep& sweep, const std::vector<std::string>& own
) {
    std::vector<std::string> base = own;
    if (!sweep.env.setup.empty()) {
        auto changed = environment_after_script(sweep.env.setup, own, sweep.directory);
        if (!changed) return changed;
        base = std::move(*changed);
    }
    for (const auto& [name, value] : sweep.env.set)
        set_variable(base, name, format_plain(value));
    return base;
}

std::vector<std::string> stage_environment(
    const std::vector<std::string>& base, const Stage& stage
) {
    std::vector<std::string> environment;
    for (const std::string& entry : base) {
        if (entry.starts_with("XORCH_") && !entry.starts_with("XORCH_DATA=") &&
            !entry.starts_with("XORCH_HOME=")) {
            continue;
        }
        if (!stage.keep_slurm_env && belongs_to_slurm(entry)) continue;
        environment.push_back(entry);
    }
    set_variable(
        environment, "OMP_NUM_THREADS", std::to_string(std::max(1U, stage.resources.cpus))
    );
    if (find_variable(environment, "PYTHONUNBUFFERED") == nullptr) {
        set_variable(environment, "PYTHONUNBUFFERED", "1");
    }
    return environment;
}

std::string command_env_key(const std::string& program) {
    std::error_code error;
    const auto resolved = std::filesystem::canonical(program, error);
    const std::string path = error ? program : resolved.string();
    return hash_text("command\n" + path + "\n" + machine_type()).substr(0, 8);
}

}  // namespace xorch
