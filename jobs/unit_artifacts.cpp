#include "jobs/unit_artifacts.h"

#include <filesystem>

#include "core/io/posix_disk.h"

namespace xorch {

std::vector<std::string> all_left(const NativeUnit& unit, const std::string& name) {
    std::vector<std::string> found;
    for (const UnitInput& input : unit.inputs()) {
        std::error_code error;
        std::string path = input.directory + "/" + name;
        if (input.directory.empty() || !std::filesystem::exists(path, error)) continue;
        found.push_back(std::move(path));
    }
    return found;
}

Result<std::optional<std::string>> find_left(const NativeUnit& unit, const std::string& name) {
    const std::vector<std::string> found = all_left(unit, name);
    if (found.empty()) return std::nullopt;
    if (found.size() == 1) return found.front();
    return fail(ErrorCode::conflict, "more than one input left \"" + name + "\"");
}

Result<void> leave_text(NativeUnit& unit, std::string_view name, std::string_view text) {
    const auto path = unit.artifact(name);
    if (!path) return tl::unexpected(path.error());
    PosixDisk disk;
    return write_file_atomically(disk, *path, text);
}

}  // namespace xorch
