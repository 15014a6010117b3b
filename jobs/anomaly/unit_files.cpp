#include "jobs/anomaly/unit_files.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "jobs/unit_artifacts.h"

namespace xorch::anomaly {

Result<std::string> given_or_left(
    const NativeUnit& unit, const std::string& parameter, const std::string& left
) {
    if (const std::string& given = unit.params().text(parameter); !given.empty()) return given;
    auto found = find_left(unit, left);
    if (!found) return tl::unexpected(found.error());
    if (*found) return std::move(**found);
    return fail(
        ErrorCode::invalid_input,
        fmt::format("neither the parameter {} nor an input with {}/ is there", parameter, left)
    );
}

}  // namespace xorch::anomaly
