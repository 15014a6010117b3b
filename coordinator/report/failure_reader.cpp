#include "coordinator/report/failure_reader.h"

namespace xorch {

std::vector<Failure> read_failures(const SweepReader& sweep, const SweepStatus& status) {
    std::vector<Failure> failures;
    for (const FailedUnit& unit : status.failed) {
        const auto fact = sweep.fact(unit.fact);
        if (!fact) continue;
        if (const auto* failed = std::get_if<UnitFailed>(&*fact)) {
            failures.push_back({unit, failed->end});
        }
    }
    return failures;
}

}  // namespace xorch
