#include "core/sweep.h"

namespace xorch {

std::optional<std::uint32_t> find_stage(const Sweep& sweep, std::string_view name) {
    for (std::uint32_t i = 0; i < sweep.stages.size(); ++i) {
        if (sweep.stages[i].name == name) return i;
    }
    return std::nullopt;
}

}  // namespace xorch
