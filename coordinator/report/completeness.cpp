#include "coordinator/report/completeness.h"

#include <fmt/format.h>

#include "coordinator/report/audit/audit.h"

namespace xorch {

Result<Completeness> completeness_of(const SweepReader& sweep, StageIndex stage) {
    const auto audit = audit_stage(sweep, stage);
    if (!audit) return tl::unexpected(audit.error());
    return Completeness{
        .stage = audit->name,
        .expected = audit->expected,
        .done = audit->done,
        .sound = audit->sound,
        .hopeless = audit->hopeless,
        .holds = audit->holds()};
}

std::string describe_completeness(const Completeness& completeness) {
    if (completeness.holds && completeness.hopeless == 0) return "";
    if (completeness.holds) {
        return fmt::format(
            "{}: {} of {} units are done, the other {} hopeless ([[stop]]); `xorch audit` names "
            "them",
            completeness.stage,
            completeness.done,
            completeness.expected,
            completeness.hopeless
        );
    }
    const bool is_whole = completeness.done + completeness.hopeless == completeness.expected;
    return fmt::format(
        "{} is {}: {} of {} units are done, {} of them sound{}; `xorch audit` names the others",
        completeness.stage,
        is_whole ? "complete and not sound" : "incomplete",
        completeness.done,
        completeness.expected,
        completeness.sound,
        completeness.hopeless > 0 ? fmt::format(", {} hopeless", completeness.hopeless) : ""
    );
}

}  // namespace xorch
