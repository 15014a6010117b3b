#pragma once

// An audit for people and for programs: every flaw with its cause and the command that mends it.
// Pure functions.

#include <string>
#include <vector>

#include "coordinator/report/audit/audit.h"
#include "core/plan.h"
#include "core/value.h"

namespace xorch {

struct AuditPage {
    std::string argument;   // how the sweep is named on a command line; empty = newest
    std::size_t units = 5;  // named per flaw; 0 = all
};

std::vector<std::string> audit_lines(
    const Plan& plan, const std::vector<StageAudit>& audits, const AuditPage& page
);

// Every flaw of every unit.
Value audit_json(
    const Plan& plan, const std::vector<StageAudit>& audits, const std::string& argument
);

// What to type so that it goes away.
std::string remedy_of(const Flaw& flaw, const std::string& stage, const std::string& argument);

}  // namespace xorch
