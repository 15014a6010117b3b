#include "coordinator/report/exit_code.h"

#include <algorithm>

namespace xorch {

namespace {

bool has_failures_besides_gates(const SweepStatus& status) {
    return std::any_of(status.stages.begin(), status.stages.end(), [](const StageStatus& stage) {
        return std::any_of(
            stage.failed_by.begin(),
            stage.failed_by.end(),
            [](const CauseCount& of) { return of.cause != Cause::gate_not_met; }
        );
    });
}

bool has_refused_selection(const SweepStatus& status) {
    return std::any_of(
        status.selects.begin(),
        status.selects.end(),
        [](const SelectStatus& select) { return select.refused; }
    );
}

}  // namespace

ExitCode exit_code_of(const Error& error) {
    const bool callers = error.code == ErrorCode::usage || error.code == ErrorCode::invalid_input;
    return callers ? ExitCode::usage : ExitCode::error;
}

ExitCode exit_code_of(const SweepStatus& status) {
    // Held back because of failures: more than "not finished yet".
    const bool held_back = !status.pause_reason.empty() && status.units(UnitPhase::failed) > 0;
    if (status.phase != SweepPhase::complete) {
        return held_back ? ExitCode::units_failed : ExitCode::incomplete;
    }
    if (has_failures_besides_gates(status)) return ExitCode::units_failed;
    if (has_refused_selection(status) || status.units(UnitPhase::failed) > 0) {
        return ExitCode::gate_not_met;
    }
    if (status.units(UnitPhase::cancelled) > 0) return ExitCode::incomplete;
    return ExitCode::complete;
}

}  // namespace xorch
