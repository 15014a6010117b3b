#include "jobs/cellseg/checks.h"

namespace xorch::cellseg {

std::string join_checks(const std::vector<std::string_view>& names) {
    std::string joined;
    for (const std::string_view name : names) {
        if (!joined.empty()) joined += ' ';
        joined += name;
    }
    return joined;
}

}  // namespace xorch::cellseg
