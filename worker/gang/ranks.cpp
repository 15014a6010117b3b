#include "worker/gang/ranks.h"

#include <algorithm>
#include <array>

#include "worker/gang/plan.h"

namespace xorch {

namespace {

// Launchers tell a rank from the first moment on which one it is, and hear it of nobody.
bool is_rank(const Process& process) {
    constexpr std::array names{rank_variable, "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"};
    return std::any_of(names.begin(), names.end(), [&](const char* name) {
        return environment_of(process.pid, name).has_value();
    });
}

std::vector<Process> ranks_with(const std::function<bool(const std::string& folder)>& fits) {
    std::vector<Process> found = processes_with(gang_variable, fits);
    std::erase_if(found, [](const Process& process) { return !is_rank(process); });
    const std::size_t roots = found.size();
    for (std::size_t i = 0; i < roots; ++i) {
        for (Process& process : descendants_of(found[i].pid)) {
            if (std::find(found.begin(), found.end(), process) == found.end()) {
                found.push_back(std::move(process));
            }
        }
    }
    std::erase_if(found, [](const Process& process) {
        return process.state == 'Z' || process.state == 'X';
    });
    return found;
}

}  // namespace

std::vector<Process> ranks_of_gang(const std::string& folder) {
    return ranks_with([&](const std::string& each) { return each == folder; });
}

std::vector<Process> ranks_led_elsewhere(
    const std::string& sweep_directory,
    IncarnationId incarnation,
    const std::vector<std::string>& but_folders
) {
    std::vector<Process> found = ranks_with([&](const std::string& folder) {
        const bool is_kept =
            std::find(but_folders.begin(), but_folders.end(), folder) != but_folders.end();
        return folder.starts_with(sweep_directory + "/") && !is_kept;
    });
    const std::string own = format_incarnation(incarnation);
    std::erase_if(found, [&](const Process& process) {
        const auto leader = environment_of(process.pid, "XORCH_INCARNATION");
        return leader && *leader == own;
    });
    return found;
}

}  // namespace xorch
