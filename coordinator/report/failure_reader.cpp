#include "coordinator/report/failure_reader.h"

#include "coordinator/journal/journal.h"

namespace xorch {

std::vector<Failure> read_failures(
    Disk& disk, const SweepLayout& layout, const SweepStatus& status
) {
    std::vector<Failure> failures;
    for (const FailedUnit& unit : status.failed) {
        const auto fact = read_fact(disk, layout.journal(), unit.fact);
        if (!fact) continue;
        if (const auto* failed = std::get_if<UnitFailed>(&*fact)) {
            failures.push_back({unit, failed->end});
        }
    }
    return failures;
}

std::vector<Failure> read_failures(const SweepReader& sweep, const SweepStatus& status) {
    return read_failures(sweep.disk(), sweep.layout(), status);
}

}  // namespace xorch
