#include "coordinator/report/audit/missing.h"

#include "coordinator/report/failures.h"
#include "coordinator/report/tables/unit_results.h"

namespace xorch {

namespace {

// How `xorch adopt` begins to say that it found two results of the unit that differ.
constexpr std::string_view duplicate_mark = "found twice";

std::string_view cause_in_words(Cause cause) {
    switch (cause) {
        case Cause::none:
            return "never started";
        case Cause::user_error:
        case Cause::spawn:
        case Cause::output_limit:
            return "user error";
        case Cause::crash:
            return "crash";
        case Cause::records:
            return "record cut off or malformed";
        case Cause::out_of_memory:
            return "out of memory";
        case Cause::checkpointed:
        case Cause::time_limit:
        case Cause::timeout:
        case Cause::no_progress:
            return "time limit";
        case Cause::preempted:
            return "preempted";
        case Cause::stop_request:
            return "stopped on request";
        case Cause::agent_lost:
        case Cause::superseded:
        case Cause::poison:
        case Cause::collateral:
            return "node";
        case Cause::cancelled:
            return "cancelled";
        case Cause::upstream:
            return "upstream failed";
        case Cause::gate_not_met:
            return "gate not met";
        case Cause::hopeless:
            return "hopeless";
    }
    return "?";
}

}  // namespace

std::string_view missing_cause(const UnitState& unit) {
    switch (unit.phase) {
        case UnitPhase::assigned:
            return "not finished";
        case UnitPhase::waiting:
            if (unit.attempt == 0) return "waits for its inputs";
            break;
        case UnitPhase::ready:
        case UnitPhase::done:
        case UnitPhase::failed:
        case UnitPhase::cancelled:
            break;
        case UnitPhase::hopeless:
            return unit.cause == Cause::upstream ? "hopeless inputs" : "hopeless";
    }
    return cause_in_words(unit.cause);
}

Result<void> add_missing(const SweepReader& sweep, StageIndex stage, std::vector<Flaw>& flaws) {
    const StageState& state = sweep.state().stage(stage);
    if (state.in(UnitPhase::done) == state.total()) return {};
    UnitResults results(sweep, stage);
    return results.visit([&](UnitKey key, const UnitResult& result) -> Result<void> {
        const UnitState& unit = sweep.state().unit(key);
        if (unit.phase == UnitPhase::done) return {};
        Flaw flaw{FlawKind::missing, key, std::string(missing_cause(unit)), ""};
        if (result.known) flaw.detail = describe_end(result.end);
        if (unit.phase == UnitPhase::hopeless) flaw.kind = FlawKind::hopeless;
        if (unit.phase == UnitPhase::failed && unit.cause == Cause::records) {
            const bool twice = flaw.detail.starts_with(duplicate_mark);
            flaw.kind = twice ? FlawKind::duplicate : FlawKind::torn;
            if (twice) flaw.cause = "two results that differ";
        }
        flaws.push_back(std::move(flaw));
        return {};
    });
}

}  // namespace xorch
