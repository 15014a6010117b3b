#include "jobs/unit_artifacts.h"

#include <filesystem>

namespace xorch {

Result<std::optional<std::string>> find_left(const NativeUnit& unit, const std::string& name) {
    std::optional<std::string> found;
    for (const UnitInput& input : unit.inputs()) {
        std::error_code error;
        const std::string path = input.directory + "/" + name;
        if (input.directory.empty() || !std::filesystem::exists(path, error)) continue;
        if (found) return fail(ErrorCode::conflict, "more than one input left \"" + name + "\"");
        found = path;
    }
    return found;
}

}  // namespace xorch
