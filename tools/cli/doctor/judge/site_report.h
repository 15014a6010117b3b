#pragma once

// Findings as people and programs read them. Pure.

#include <cstddef>
#include <string>
#include <vector>

#include "tools/cli/doctor/judge/judge.h"

namespace xorch {

struct ReportStyle {
    std::size_t width = 0;  // lines are broken to fit into so many columns; 0 = they are not
    bool colour = false;
};

// One block per place; ends with whether something prevents a sweep, and what.
std::string format_site_report(const std::vector<SiteFinding>& findings, ReportStyle style);

// {"problems": ["slurm submission"], "findings": [{"where", "name", "state", "seen", "action"}]}
std::string format_site_json(const std::vector<SiteFinding>& findings);

// Those that prevent a sweep, as "<where> <name>".
std::vector<std::string> problems_of(const std::vector<SiteFinding>& findings);

}  // namespace xorch
